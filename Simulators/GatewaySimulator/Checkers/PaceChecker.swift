import GatewayCore
import Time

/// Whether clients' connections to the broker are made at the owner's pace: no more than `limits.broker_handshakes` at
/// once, from the wish for a stream to the CONNACK, and no more begun in a second than
/// `limits.broker_connects_per_second`.
///
/// The gateway's own connection waits for nobody. Which one it is shows with its CONNECT: while none is there that has
/// said it, one of those that have not may be it.
struct PaceChecker {
    private struct Connection {
        var number: Int
        var begunAt: Instant
        var isGateways: Bool?
        /// Octets of the CONNACK that have been read; nil where it is complete, or the stream is no more.
        var acknowledgement: [UInt8]? = []
        var isOver = false
    }

    private let limits: Limits
    private var connections: [Connection] = []
    private(set) var violation: String?

    init(_ limits: Limits) { self.limits = limits }

    private mutating func violate(_ text: String) { if violation == nil { violation = text } }

    /// The gateway's process is another one.
    mutating func gatewayRestarted() { connections = [] }

    /// The gateway wishes for a stream.
    mutating func begins(_ number: Int, at now: Instant) {
        let secondAgo = now - .seconds(1)
        connections.removeAll { $0.isOver && $0.begunAt <= secondAgo }
        connections.append(Connection(number: number, begunAt: now))
        let own = connections.filter { $0.isGateways == true }
        let isOwnThere = own.contains { !$0.isOver }
        let others = connections.filter { $0.isGateways != true }
        let making = others.count { $0.acknowledgement != nil }
        if making > limits.brokerHandshakes + (isOwnThere ? 0 : 1) {
            violate("\(making) connections to the broker are made at once")
        }
        let begun = others.count { $0.begunAt > secondAgo }
        let isOwnSteady = own.count == 1 && isOwnThere && own[0].begunAt <= secondAgo
        // The pauses between its attempts are longer than half a second.
        if begun > limits.brokerConnectsPerSecond + (isOwnSteady ? 0 : 2) {
            violate("\(begun) connections to the broker begin within a second")
        }
    }

    /// The gateway has said CONNECT, in its own name or in a client's.
    mutating func saidConnect(_ number: Int, isGateways: Bool) {
        change(number) { $0.isGateways = isGateways }
    }

    /// The gateway is about to read from a stream: what comes first is the CONNACK, which is shorter than 128 octets.
    mutating func reads(_ bytes: [UInt8], of number: Int) {
        change(number) { connection in
            guard let read = connection.acknowledgement else { return }
            let all = read + bytes
            connection.acknowledgement = all.count >= 2 && all.count >= 2 + Int(all[1]) ? nil : all
        }
    }

    /// The gateway has closed the stream, or knows of its end.
    mutating func ended(_ number: Int) {
        change(number) { ($0.acknowledgement, $0.isOver) = (nil, true) }
    }

    private mutating func change(_ number: Int, _ change: (inout Connection) -> Void) {
        guard let index = connections.firstIndex(where: { $0.number == number }) else { return }
        change(&connections[index])
    }
}
