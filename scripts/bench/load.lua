-- What wrk runs: it sends one kind of request, each with random values. The arguments are those of load.go.
local random = math.random
local tokens, paths, values, head, body = {}, {}, {}, "", nil
local sent = 0

-- split returns the parts of a text: strings, and functions for what is in braces.
local function split(text)
	local parts = {}
	local at = 1
	while true do
		local from, to, name = text:find("{(%l+)}", at)
		if not from then
			break
		end
		parts[#parts + 1] = text:sub(at, from - 1)
		parts[#parts + 1] = values[name]
		at = to + 1
	end
	parts[#parts + 1] = text:sub(at)
	return parts
end

local function fill(parts)
	if #parts == 1 then
		return parts[1]
	end
	local filled = {}
	for i, part in ipairs(parts) do
		filled[i] = type(part) == "function" and part() or part
	end
	return table.concat(filled)
end

function init(args)
	local method, file, text = args[1], args[2], args[3]
	local posts, writers, step, pause = tonumber(args[4]), tonumber(args[5]), tonumber(args[6]), tonumber(args[7])
	math.randomseed(tonumber(args[8]))
	sent = tonumber(args[9])
	values.post = function() return random(posts) end
	values.user = function() return step * random(writers) end
	values.type = function() return random(5) end
	for i = 10, #args do
		paths[#paths + 1] = split(args[i])
	end
	if file ~= "" then
		for token in io.lines(file) do
			tokens[#tokens + 1] = "Authorization: Bearer " .. token .. "\r\n"
		end
	end
	head = " HTTP/1.1\r\nHost: localhost\r\n"
	if text ~= "" then
		body = split(text)
		head = head .. "Content-Type: application/json\r\n"
	end
	wrk.method = method
	if pause > 0 then
		delay = function() return pause end
	end
end

function request()
	local line = wrk.method .. " " .. fill(paths[random(#paths)]) .. head
	if #tokens > 0 then
		sent = sent + 1
		line = line .. tokens[sent % #tokens + 1]
	end
	if not body then
		return line .. "\r\n"
	end
	local text = fill(body)
	return line .. "Content-Length: " .. #text .. "\r\n\r\n" .. text
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format(
		'{"requests":%d,"duration":%d,"p50":%d,"p99":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}\n',
		summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
		e.connect, e.read, e.write, e.timeout, e.status))
end
