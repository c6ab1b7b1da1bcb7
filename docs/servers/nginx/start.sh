#!/bin/sh
# Starts nginx in the foreground, on port $1, with the files of folder $2, and everything it writes in a folder of its own.
set -eu
here=$(mktemp -d)
mkdir "$here/logs"
sed -e "s|@PORT@|$1|" -e "s|@FILES@|$2|" nginx.conf.in > "$here/nginx.conf"
exec nginx -p "$here" -c "$here/nginx.conf" -e stderr
