import Bytes
import Glibc
import MQTT
import Testing
import Transports

/// A listening TCP socket behind which the test itself is the broker.
final class ScriptedBroker {
    private var listener: BlockingSocket?
    let address: SocketAddress
    /// The connections accepted, which stay open with the broker.
    private(set) var streams: [PacketStream] = []

    /// Listens on `host`; `receiveBufferByteCount` makes connections take little before they block.
    init(host: String = "127.0.0.1", port: UInt16 = 0, receiveBufferByteCount: Int32? = nil) throws {
        let wanted = try SocketAddress.numeric(host, port)
        let listener = try BlockingSocket(.stream, for: wanted, boundTo: wanted)
        self.listener = listener
        if let receiveBufferByteCount { listener.set(SO_RCVBUF, to: receiveBufferByteCount) }
        guard listen(listener.descriptor, 64) == 0 else { throw SystemFailure(operation: "listen") }
        address = try listener.localAddress()
    }

    /// A port on which nobody listens.
    static func unusedPort() throws -> UInt16 {
        let any = try SocketAddress.numeric("127.0.0.1")
        return try BlockingSocket(.stream, for: any, boundTo: any).localAddress().port
    }

    /// Refuses new connections and keeps those there are.
    func stopListening() { listener = nil }

    /// Whether somebody waits to be accepted.
    var hasConnectionWaiting: Bool {
        listener.map { waitUntilReady($0.descriptor, for: POLLIN, until: Deadline(in: .zero)) } ?? false
    }

    func accept() throws -> PacketStream {
        guard let listener, waitUntilReady(listener.descriptor, for: POLLIN, until: Deadline(in: generous)) else {
            throw NothingCame(awaited: "a connection")
        }
        let descriptor = Glibc.accept(listener.descriptor, nil, nil)
        guard descriptor >= 0 else { throw SystemFailure(operation: "accept") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let stream = PacketStream(BlockingSocket(adopting: descriptor))
        streams.append(stream)
        return stream
    }

    /// Accepts the next connection, whose CONNECT must name `clientID`, and answers it.
    @discardableResult
    func acceptClient(
        _ clientID: String, sessionPresent: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> PacketStream {
        let stream = try accept()
        let first = try #require(try stream.hear(), "no packet came", sourceLocation: sourceLocation)
        guard case .connect(let connect) = first.packet else {
            Issue.record("heard \(first.packet), expected CONNECT", sourceLocation: sourceLocation)
            throw NothingCame(awaited: "CONNECT")
        }
        #expect(
            String(decoding: first.bytes[connect.clientID], as: UTF8.self) == clientID, sourceLocation: sourceLocation)
        let answer = ConnectAcknowledgement(sessionPresent: sessionPresent, returnCode: .accepted)
        try stream.send(.connectAcknowledgement(answer))
        return stream
    }

    /// Accepts the gateway's own connection, which comes first.
    @discardableResult
    func acceptGateway(sourceLocation: SourceLocation = #_sourceLocation) throws -> PacketStream {
        try acceptClient("swiftlet-1", sourceLocation: sourceLocation)
    }
}
