import MQTT
import Testing
import Transports

/// What stands below a topic at a real broker, as whoever subscribes to it sees it come.
final class StatusBoard {
    private let stream: PacketStream
    /// The latest of each name below the topic; an empty one stands for none.
    private(set) var latest: [String: String] = [:]
    /// Everything that came, in its order.
    private(set) var history: [(name: String, payload: String)] = []
    private let prefix: String

    /// Subscribes to everything below `topic` at the broker on this machine; one of each topic at a time.
    init(port: UInt16, _ topic: String) throws {
        prefix = topic + "/"
        let address = try SocketAddress.numeric("127.0.0.1", port)
        let socket = try BlockingSocket(.stream, for: address)
        try socket.connect(to: address)
        stream = PacketStream(socket)
        let name = octets("board of \(topic)")
        try stream.send(
            .connect(Connect(cleanSession: true, keepAliveSeconds: 0, clientID: name.indices)), from: name)
        var bytes: [UInt8] = []
        let filter = octets(topic + "/#")
        bytes.appendSubscribePacket(packetID: 1, filter: filter.span.bytes, qos: .atMostOnce)
        try socket.write(bytes)
    }

    /// Reads until what stands under `name` is as it should be.
    func shows(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation, where isRight: (String) -> Bool
    ) throws {
        let deadline = Deadline(in: generous)
        while !(latest[name].map(isRight) ?? false) {
            guard !deadline.hasPassed, let heard = try stream.hear() else {
                Issue.record("\(name) is \(latest[name] ?? "not there")", sourceLocation: sourceLocation)
                throw NothingCame(awaited: name)
            }
            guard case .publish(let publish) = heard.packet else { continue }
            let topic = String(decoding: heard.bytes[publish.topicName], as: UTF8.self)
            #expect(topic.hasPrefix(prefix), sourceLocation: sourceLocation)
            let payload = String(decoding: heard.bytes[publish.payload], as: UTF8.self)
            latest[String(topic.dropFirst(prefix.count))] = payload
            history.append((String(topic.dropFirst(prefix.count)), payload))
        }
    }

    func shows(_ name: String, _ payload: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try shows(name, sourceLocation: sourceLocation) { $0 == payload }
    }

    /// Reads until the client of that level is in `state`.
    func shows(client level: String, _ state: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try shows("clients/\(level)/availability", sourceLocation: sourceLocation) {
            JSONValue(octets($0))?["state"]?.text == state
        }
    }

    /// What is known of a client.
    func client(_ level: String) -> JSONValue? {
        latest["clients/\(level)/availability"].flatMap { JSONValue(octets($0)) }
    }

    func json(_ name: String) -> JSONValue? { latest[name].flatMap { JSONValue(octets($0)) } }
}
