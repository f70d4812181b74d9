-- For wrk: the first LIMIT callbacks of the file CALLBACKS, each line a signature and a body, in order, from the first
-- again.
local requests, sent = {}, 0
local limit = tonumber(os.getenv("LIMIT"))

function init()
  for line in io.lines(os.getenv("CALLBACKS")) do
    if #requests == limit then return end
    local signature, body = line:match("^(.-)\t(.*)$")
    requests[#requests + 1] = wrk.format("POST", wrk.path, {
      ["Host"] = "gateway.example",
      ["Content-Type"] = "application/x-www-form-urlencoded",
      ["X-Twilio-Signature"] = signature,
    }, body)
  end
end

function request()
  sent = sent % #requests + 1
  return requests[sent]
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"rps":%.1f,"p50":%.3f,"p99":%.3f,"failed":%d}\n',
    summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
