import Testing
import WebSocket

/// The server's side of one connection of WebSocket, frame by frame as a test wants it.
final class WebSocketPeer {
    /// What a frame of the client's says.
    struct Frame: Equatable {
        var kind: UInt8
        var payload: [UInt8]
    }

    let socket: BlockingSocket
    private var rest: [UInt8] = []

    init(_ socket: BlockingSocket) { self.socket = socket }

    // MARK: The upgrade

    /// The head of the request that comes, in lines.
    func hearRequest() throws -> [String] {
        while true {
            if let end = rest.firstRange(of: octets("\r\n\r\n")) {
                let head = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
                rest = Array(rest[end.upperBound...])
                return head.split(separator: "\r\n").map(String.init)
            }
            try readOn("a request")
        }
    }

    /// Takes the request, and answers it as a server of MQTT does, but for lines that are given another way; an empty
    /// one is left out. `more` comes at once behind it.
    @discardableResult
    func upgrade(
        status: String = "101 Switching Protocols", accept: String? = nil, named: String = "mqtt", extra: String = "",
        followedBy more: [UInt8] = []
    ) throws -> [String] {
        let request = try hearRequest()
        let key = request.first { $0.hasPrefix("Sec-WebSocket-Key: ") }.map { String($0.dropFirst(19)) }
        let lines = [
            "HTTP/1.1 \(status)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Accept: \(accept ?? WebSocketUpgrade.accept(for: key ?? ""))",
            named.isEmpty ? "" : "Sec-WebSocket-Protocol: \(named)", extra,
        ]
        try socket.write(octets(lines.filter { !$0.isEmpty }.joined(separator: "\r\n") + "\r\n\r\n") + more)
        return request
    }

    // MARK: Frames

    /// The next frame of the client, unmasked; nil at the end.
    func hear() throws -> Frame? {
        while true {
            if let frame = try takeFrame() { return frame }
            guard let input = socket.read(until: Deadline(in: generous)) else {
                throw NothingCame(awaited: "a frame")
            }
            guard !input.isEmpty else { return nil }
            rest += input
        }
    }

    /// A frame that is there already; nil where none is whole.
    func hearAtOnce() throws -> Frame? {
        if let frame = try takeFrame() { return frame }
        if socket.hasInput { rest += socket.read(until: Deadline(in: .zero)) ?? [] }
        return try takeFrame()
    }

    private func takeFrame() throws -> Frame? {
        guard rest.count >= 2 else { return nil }
        try #require(rest[0] & 0xF0 == 0x80 && rest[1] & 0x80 != 0, "each frame of ours is whole and masked")
        let short = Int(rest[1] & 0x7F)
        try #require(short < 127, "no frame of ours is that long")
        let start = short == 126 ? 4 : 2
        guard rest.count >= start + 4 else { return nil }
        let count = short == 126 ? Int(rest[2]) << 8 | Int(rest[3]) : short
        guard rest.count >= start + 4 + count else { return nil }
        let key = Array(rest[start..<start + 4])
        let payload = rest[(start + 4)..<(start + 4 + count)].enumerated().map { $1 ^ key[$0 % 4] }
        let kind = rest[0] & 0x0F
        rest = Array(rest[(start + 4 + count)...])
        return Frame(kind: kind, payload: payload)
    }

    /// A frame that is not masked; `kind` has the bits of the first octet.
    func send(_ kind: UInt8, _ payload: [UInt8]) throws {
        precondition(payload.count < 126, "a test's frame is short")
        try socket.write([kind, UInt8(payload.count)] + payload)
    }

    private func readOn(_ awaited: String) throws {
        guard let input = socket.read(until: Deadline(in: generous)), !input.isEmpty else {
            throw NothingCame(awaited: awaited)
        }
        rest += input
    }
}
