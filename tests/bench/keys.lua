-- wrk -s keys.lua ADDRESS -- METHOD PATH [BODY] : {} in PATH is a random key.
-- BENCH_KEYS is how many there are, BENCH_TOKEN a bearer token, if any.  The
-- requests are made before the clock starts, so that wrk itself costs little.

local requests = {}
local count = 10000

function init(args)
	local method, path, body = args[1], args[2], args[3]
	local keys = tonumber(os.getenv("BENCH_KEYS") or "1")
	local token = os.getenv("BENCH_TOKEN") or ""
	local headers = {}

	math.randomseed(7)
	if token ~= "" then
		headers["Authorization"] = "Bearer " .. token
	end
	if body then
		headers["Content-Type"] = "application/json"
	end
	if not path:find("{}", 1, true) then
		count = 1
	end
	for i = 1, count do
		local at = path:gsub("{}", math.random(1, keys))
		requests[i] = wrk.format(method, at, headers, body)
	end
end

function request()
	return requests[math.random(count)]
end
