import Bytes
import MQTT
import Testing
import Transports

/// An MQTT client directly at the broker, to see and say what the gateway's clients should.
final class BrokerSideClient {
    private let stream: PacketStream
    private var lastPacketID: UInt16 = 0

    /// Connects to the broker on this machine at `port`, with `credentials` where it wants some.
    init(port: UInt16, _ clientID: String, credentials: (username: String, password: String)? = nil) throws {
        let address = try SocketAddress.numeric("127.0.0.1", port)
        let socket = try BlockingSocket(.stream, for: address)
        try socket.connect(to: address)
        stream = PacketStream(socket)
        var bytes: [UInt8] = []
        func place(_ text: String) -> Range<Int> {
            bytes += octets(text)
            return bytes.count - text.utf8.count..<bytes.count
        }
        let connect = Connect(
            cleanSession: true, keepAliveSeconds: 0, clientID: place(clientID),
            username: credentials.map { place($0.username) }, password: credentials.map { place($0.password) })
        try stream.send(.connect(connect), from: bytes)
        try stream.expect(
            .connectAcknowledgement(ConnectAcknowledgement(sessionPresent: false, returnCode: .accepted)))
    }

    func subscribe(_ filter: String, qos: DeliveryQoS = .exactlyOnce) throws {
        lastPacketID += 1
        var bytes: [UInt8] = []
        let name = octets(filter)
        bytes.appendSubscribePacket(packetID: lastPacketID, filter: name.span.bytes, qos: qos)
        try stream.socket.write(bytes)
        let answer = try #require(try stream.hear())
        #expect(answer.packet.type == .subscribeAcknowledgement)
    }

    /// Publishes and completes the exchange with the broker.
    func publish(_ message: BrokerPublish) throws {
        lastPacketID += 1
        try stream.publish(message, packetID: message.qos == .atMostOnce ? 0 : lastPacketID)
        switch message.qos {
        case .atMostOnce: break
        case .atLeastOnce: try stream.expect(.publishAcknowledgement(lastPacketID))
        case .exactlyOnce:
            try stream.expect(.publishReceived(lastPacketID))
            try stream.send(.publishRelease(lastPacketID))
            try stream.expect(.publishComplete(lastPacketID))
        }
    }

    /// The next message, its exchange completed.
    func expectMessage(sourceLocation: SourceLocation = #_sourceLocation) throws -> BrokerPublish {
        let (message, packetID) = try stream.expectPublish(sourceLocation: sourceLocation)
        switch message.qos {
        case .atMostOnce: break
        case .atLeastOnce: try stream.send(.publishAcknowledgement(packetID))
        case .exactlyOnce:
            try stream.send(.publishReceived(packetID))
            try stream.expect(.publishRelease(packetID), sourceLocation: sourceLocation)
            try stream.send(.publishComplete(packetID))
        }
        return message
    }

    /// Whether the broker has nothing more to say: what it had for this client comes before the PINGRESP.
    func expectNothingMore(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try stream.send(.pingRequest)
        try stream.expect(.pingResponse, sourceLocation: sourceLocation)
    }
}
