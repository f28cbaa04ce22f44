import GatewayCore
import GatewaySimulator
import Testing
import Time

/// A broker with clients around it: what they say is sent at once, what the broker says waits to be compared.
final class BrokerDriver {
    private(set) var broker: SimulatedBroker
    private var effects = BrokerEffects()
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var unread: [BrokerConnectionID: [BrokerPacket]] = [:]
    /// The connections that the last event sent a packet on, in order.
    private(set) var served: [BrokerConnectionID] = []
    private var closed: Set<BrokerConnectionID> = []
    private var nextConnection: UInt32 = 0

    init(_ configuration: SimulatedBrokerConfiguration = .init()) {
        broker = SimulatedBroker(configuration: configuration)
    }

    /// Opens a connection on which nothing was said.
    func accepts() -> TestConnection {
        let connection = TestConnection(id: BrokerConnectionID(nextConnection), driver: self)
        nextConnection += 1
        handle(.accepted(connection.id))
        return connection
    }

    /// Opens a connection with a session; the CONNACK is read and compared.
    func connects(
        _ clientID: String, clean: Bool = true, keepAlive: UInt16 = 0, will: TestWill? = nil, present: Bool = false,
        at location: SourceLocation = #_sourceLocation
    ) -> TestConnection {
        let connection = accepts()
        connection.sends(.connect(clientID, clean: clean, keepAlive: keepAlive, will: will))
        let answer = unread[connection.id]?.first
        #expect(answer == .connectAcknowledgement(present: present), sourceLocation: location)
        unread[connection.id]?.removeFirst()
        return connection
    }

    /// Everything the broker has sent on the connection since the last look is exactly this.
    func sends(
        _ expected: BrokerPacket..., to connection: TestConnection, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(read(connection) == expected, sourceLocation: location)
    }

    func sendsNothing(to connection: TestConnection, at location: SourceLocation = #_sourceLocation) {
        #expect(read(connection) == [], sourceLocation: location)
    }

    /// Takes what the broker has sent on the connection since the last look.
    func read(_ connection: TestConnection) -> [BrokerPacket] {
        unread.updateValue([], forKey: connection.id) ?? []
    }

    /// Changes the broker's configuration from now on.
    func configure(_ change: (inout SimulatedBrokerConfiguration) -> Void) { change(&broker.configuration) }

    /// Lets time pass; the broker is woken whenever it asked for it.
    func passes(milliseconds: Int) {
        let end = now + .milliseconds(milliseconds)
        while let deadline = broker.nextDeadline, deadline <= end {
            now = max(now, deadline)
            handle(.deadlineReached)
        }
        now = end
    }

    func handle(_ event: BrokerEvent, _ bytes: [UInt8] = []) {
        let span = bytes.span
        broker.handle(event, span.bytes, at: now, into: &effects)
        served = []
        for effect in effects.list {
            switch effect {
            case .send(let range, let connection):
                #expect(!closed.contains(connection), "a packet follows the close of its connection")
                served.append(connection)
                unread[connection, default: []].append(BrokerPacket(reading: Array(effects.bytes[range])))
            case .close(let connection):
                #expect(closed.insert(connection).inserted, "a connection is closed twice")
                unread[connection, default: []].append(.close)
            }
        }
        effects.removeAll()
    }
}

/// A client's end of a connection to the broker under test.
struct TestConnection {
    let id: BrokerConnectionID
    let driver: BrokerDriver

    /// Sends the packets in one piece.
    func sends(_ packets: ClientPacket...) {
        driver.handle(.received(id), packets.flatMap(\.bytes))
    }

    /// Sends the packets one octet at a time.
    func sendsInSingleOctets(_ packets: ClientPacket...) {
        for octet in packets.flatMap(\.bytes) { driver.handle(.received(id), [octet]) }
    }

    /// The connection breaks without a DISCONNECT.
    func vanishes() { driver.handle(.closed(id)) }
}
