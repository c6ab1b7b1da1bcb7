-- What wrk measured, as one line of JSON; `request` is not defined here, so that wrk sends the same octets each time.
done = function(summary, latency, _)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    local line = '{"count":%d,"octets":%d,"seconds":%.6f,"errors":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n'
    io.write(string.format(line, summary.requests, summary.bytes, summary.duration / 1e6, failed,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
