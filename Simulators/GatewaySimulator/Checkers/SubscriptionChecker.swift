import Bytes
import MQTT
import MQTTSN

/// What clients were told of their subscriptions decides what the broker must hold for them in the end.
///
/// Certain is only what the client was told last and what nothing has put in doubt since: a request that is open, a
/// late copy of an earlier request, the broker's loss of its store at a time when the gateway did not know of the
/// subscription either.
struct SubscriptionChecker {
    private struct Entry {
        var filter: [UInt8]
        /// The message id of the last request.
        var messageID: MessageID
        var isCertain = false
        /// What the client was told: the granted QoS, or nil for a subscription that has ended.
        var qos: DeliveryQoS?
        /// In which life of the gateway.
        var gatewayLife = 0
        var isOpen = true
    }

    private var entries: [[Entry]]
    private(set) var violation: String?

    init(clientCount: Int) {
        entries = Array(repeating: [], count: clientCount)
    }

    private func index(_ client: Int, _ filter: [UInt8]) -> Int? { entries[client].firstIndex { $0.filter == filter } }

    /// Whether the client has never been told anything of the filter in this session.
    func isWanting(_ client: Int, _ filter: [UInt8]) -> Bool { index(client, filter) == nil }

    /// The client has sent SUBSCRIBE or UNSUBSCRIBE, for the first time or again.
    mutating func requested(_ message: Message, _ datagram: [UInt8], by client: Int, _ plan: WorldPlan) {
        guard let (filter, messageID) = Self.request(message, datagram, plan) else { return }
        if let index = index(client, filter) {
            entries[client][index].messageID = messageID
            entries[client][index].isCertain = false
            entries[client][index].isOpen = true
        } else {
            entries[client].append(Entry(filter: filter, messageID: messageID))
        }
    }

    mutating func requestReachedGateway(_ message: Message, _ datagram: [UInt8], of client: Int, _ plan: WorldPlan) {
        guard let (filter, messageID) = Self.request(message, datagram, plan), let index = index(client, filter),
            entries[client][index].messageID != messageID
        else { return }
        entries[client][index].isCertain = false
        entries[client][index].isOpen = false
    }

    /// The client was told that it is subscribed, or with nil that it is not.
    mutating func confirmed(_ client: Int, _ filter: [UInt8], qos: DeliveryQoS?, gatewayLife: Int) {
        guard let index = index(client, filter), entries[client][index].isOpen else { return }
        entries[client][index].isCertain = true
        entries[client][index].isOpen = false
        entries[client][index].qos = qos
        entries[client][index].gatewayLife = gatewayLife
    }

    /// The client begins a session in which it has no subscriptions.
    mutating func sessionBegan(_ client: Int) {
        entries[client] = []
    }

    mutating func clientForgot(_ client: Int) {
        for index in entries[client].indices where entries[client][index].isOpen {
            entries[client][index].isOpen = false
        }
    }

    /// The gateway has lost its memory of a client; what the broker does not hold now is lost.
    mutating func gatewayForgot(_ client: Int, held: ([UInt8]) -> DeliveryQoS?) {
        for index in entries[client].indices {
            entries[client][index].gatewayLife = -1
            if held(entries[client][index].filter) == nil { entries[client][index].isCertain = false }
        }
    }

    /// The broker has lost its store: only what the gateway knows can be told again.
    mutating func brokerForgot(gatewayLife: Int) {
        for client in entries.indices {
            for index in entries[client].indices where entries[client][index].gatewayLife != gatewayLife {
                entries[client][index].isCertain = false
            }
        }
    }

    /// In the end the broker must hold exactly what is certain.
    mutating func check(_ client: Int, held: ([UInt8]) -> DeliveryQoS?) {
        for entry in entries[client] where entry.isCertain && violation == nil {
            let held = held(entry.filter)
            guard (held == nil) != (entry.qos == nil) || (entry.qos != nil && held != entry.qos) else { continue }
            let filter = String(decoding: entry.filter, as: UTF8.self)
            let told = entry.qos.map { "QoS \($0.rawValue)" } ?? "no subscription"
            let found = held.map { "QoS \($0.rawValue)" } ?? "none"
            violation = "client \(client) was told \(told) for \(filter), and the broker has \(found)"
        }
    }

    private static func request(_ message: Message, _ datagram: [UInt8], _ plan: WorldPlan) -> ([UInt8], MessageID)? {
        let (flags, topic, messageID): (Flags, ByteRange, MessageID)
        switch message {
        case .subscribe(let subscribe):
            (flags, topic, messageID) = (subscribe.flags, subscribe.topic, subscribe.messageID)
        case .unsubscribe(let request): (flags, topic, messageID) = (request.flags, request.topic, request.messageID)
        default: return nil
        }
        let bytes = Array(datagram[topic])
        if flags.topicIDType == .normal { return (bytes, messageID) }
        guard bytes.count == 2 else { return nil }
        return plan.name(of: UInt16(bytes[0]) << 8 | UInt16(bytes[1]), flags.topicIDType).map { ($0, messageID) }
    }
}
