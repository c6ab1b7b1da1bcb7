"""Settings that releases before the control socket do not know: gunicorn skips them in a file, and not on the command line."""

control_socket_disable = True
