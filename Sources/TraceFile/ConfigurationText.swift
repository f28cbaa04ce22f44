import Bytes
import GatewayCore

/// One field of the configuration as a line `name = value` of a trace's head.
struct ConfigurationField<Target>: Sendable {
    /// The field's name in Swift, with those it stands in: `limits.clients`.
    let name: String
    let read: @Sendable (Target) -> String
    /// False where the text is no value of the field.
    let write: @Sendable (Substring, inout Target) -> Bool

    init<Value: TraceValue>(_ name: String, _ field: any WritableKeyPath<Target, Value> & Sendable) {
        self.name = name
        read = { $0[keyPath: field].traceText }
        write = { text, target in
            guard let value = Value(traceText: text) else { return false }
            target[keyPath: field] = value
            return true
        }
    }
}

/// Every field of the core's configuration, in the order of a trace's head.
enum ConfigurationText {
    typealias Field = ConfigurationField

    static let gateway: [Field<GatewayConfiguration>] =
        [
            Field("gatewayID", \.gatewayID),
            Field("supervision.shortTolerancePercent", \.supervision.shortTolerancePercent),
            Field("supervision.longTolerancePercent", \.supervision.longTolerancePercent),
            Field("supervision.longestSilence", \.supervision.longestSilence),
            Field("qosMinusOne", \.qosMinusOne),
            Field("qosMinusOneFullNames", \.qosMinusOneFullNames),
            Field("emptyClientID", \.emptyClientID),
            Field("isLenient", \.isLenient),
            Field("sleep.messagesPerWakeUp", \.sleep.messagesPerWakeUp),
            Field("sleep.pacing", \.sleep.pacing),
            Field("sleep.allowsAddressChange", \.sleep.allowsAddressChange),
            Field("sleep.restoreTimeout", \.sleep.restoreTimeout),
            Field("queuePolicy", \.queuePolicy),
            Field("willUpdate", \.willUpdate),
            Field("discovery.advertiseIntervalSeconds", \.discovery.advertiseIntervalSeconds),
            Field("discovery.isStandby", \.discovery.isStandby),
            Field("discovery.missedAdvertisements", \.discovery.missedAdvertisements),
        ] + upstream + limits

    private static let upstream: [Field<GatewayConfiguration>] = [
        Field("upstream.clientIDPrefix", \.upstream.clientIDPrefix),
        Field("upstream.sharedClientID", \.upstream.sharedClientID),
        Field("upstream.statusTopic", \.upstream.statusTopic),
        Field("upstream.username", \.upstream.username),
        Field("upstream.password", \.upstream.password),
        Field("upstream.maximumQoS", \.upstream.maximumQoS),
        Field("upstream.brokerCount", \.upstream.brokerCount),
        Field("upstream.steadyTime", \.upstream.steadyTime),
        Field("upstream.version", \.upstream.version),
        Field("upstream.sessionExpirySeconds", \.upstream.sessionExpirySeconds),
        Field("upstream.willDelaySeconds", \.upstream.willDelaySeconds),
        Field("upstream.wayPropertyBits", \.upstream.wayPropertyBits),
        Field("upstream.topicAliases", \.upstream.topicAliases),
        Field("upstream.keepAliveSeconds", \.upstream.keepAliveSeconds),
        Field("upstream.connectTimeout", \.upstream.connectTimeout),
        Field("upstream.responseTimeout", \.upstream.responseTimeout),
        Field("upstream.reconnectMinimum", \.upstream.reconnectMinimum),
        Field("upstream.reconnectMaximum", \.upstream.reconnectMaximum),
        Field("upstream.restoreTimeout", \.upstream.restoreTimeout),
    ]

    private static let limits: [Field<GatewayConfiguration>] = [
        Field("limits.clients", \.limits.clients),
        Field("limits.setUps", \.limits.setUps),
        Field("limits.clientIDByteCount", \.limits.clientIDByteCount),
        Field("limits.topicsPerClient", \.limits.topicsPerClient),
        Field("limits.topicNameByteCount", \.limits.topicNameByteCount),
        Field("limits.subscriptionsPerClient", \.limits.subscriptionsPerClient),
        Field("limits.exchangesPerClient", \.limits.exchangesPerClient),
        Field("limits.undeliverablePerClient", \.limits.undeliverablePerClient),
        Field("limits.endedExchangesPerClient", \.limits.endedExchangesPerClient),
        Field("limits.willMessageByteCount", \.limits.willMessageByteCount),
        Field("limits.queuedMessagesPerClient", \.limits.queuedMessagesPerClient),
        Field("limits.queuedByteCountPerClient", \.limits.queuedByteCountPerClient),
        Field("limits.queuedByteCount", \.limits.queuedByteCount),
        Field("limits.topicNamesByteCount", \.limits.topicNamesByteCount),
        Field("limits.topicLevels", \.limits.topicLevels),
        Field("limits.qosMinusOneByteCount", \.limits.qosMinusOneByteCount),
        Field("limits.queuedByteCountPerUpstream", \.limits.queuedByteCountPerUpstream),
        Field("limits.brokerHandshakes", \.limits.brokerHandshakes),
        Field("limits.brokerConnectsPerSecond", \.limits.brokerConnectsPerSecond),
        Field("limits.packetByteCount", \.limits.packetByteCount),
        Field("limits.strangerRepliesPerSecond", \.limits.strangerRepliesPerSecond),
        Field("limits.searchRepliesPerSecond", \.limits.searchRepliesPerSecond),
        Field("limits.recentDepartures", \.limits.recentDepartures),
        Field("limits.unwelcomeMessages", \.limits.unwelcomeMessages),
    ]

    static let link: [Field<LinkConfiguration>] = [
        Field("maximumDatagramByteCount", \.maximumDatagramByteCount),
        Field("retryInterval", \.retryInterval),
        Field("retryCount", \.retryCount),
        Field("adaptsRetryInterval", \.adaptsRetryInterval),
        Field("name", \.name),
    ]

    static let topic: [Field<PredefinedTopics.Entry>] = [
        Field("clientID", \.clientID),
        Field("topicID", \.topicID),
        Field("topicName", \.topicName),
    ]

    static let rule: [Field<ClientRule>] = [
        Field("clientID", \.clientID),
        Field("links", \.linksText),
        Field("networks", \.networksText),
        Field("isDenied", \.isDenied),
        Field("brokerClientID", \.brokerClientID),
        Field("username", \.username),
        Field("password", \.password),
        Field("certificateFile", \.certificateFile),
        Field("keyFile", \.keyFile),
        Field("topicPrefix", \.topicPrefix),
        Field("publish", \.publishText),
        Field("subscribe", \.subscribeText),
        Field("maximumQoS", \.maximumQoS),
        Field("passesRetain", \.passesRetain),
    ]
}

/// Lists as one word: their elements with commas between them.
struct TraceList<Element: TraceListElement>: TraceValue {
    var elements: [Element]

    var traceText: String { "[" + elements.map(\.elementText).joined(separator: ",") + "]" }

    init(_ elements: [Element]) { self.elements = elements }

    init?(traceText: Substring) {
        guard traceText.first == "[", traceText.last == "]", traceText.count >= 2 else { return nil }
        elements = []
        for part in traceText.dropFirst().dropLast().split(separator: ",") {
            guard let element = Element(elementText: part) else { return nil }
            elements.append(element)
        }
    }
}

/// What may stand in a list: its text holds no comma and is not empty.
protocol TraceListElement: SendableMetatype {
    var elementText: String { get }
    init?(elementText: Substring)
}

extension UInt16: TraceListElement {
    var elementText: String { traceText }
    init?(elementText: Substring) { self.init(traceText: elementText) }
}

/// Always in hexadecimal, such as `x742f31`.
extension [UInt8]: TraceListElement {
    var elementText: String { "x" + Hexadecimal.text(self) }
    init?(elementText: Substring) { self.init(hexadecimalWord: Array(elementText.utf8)[...]) }
}

extension ClientRule {
    fileprivate var linksText: TraceList<UInt16>? {
        get { links.map { TraceList($0) } }
        set { links = newValue?.elements }
    }

    fileprivate var networksText: TraceList<UInt16>? {
        get { networks.map { TraceList($0) } }
        set { networks = newValue?.elements }
    }

    fileprivate var publishText: TraceList<[UInt8]>? {
        get { publish.map { TraceList($0) } }
        set { publish = newValue?.elements }
    }

    fileprivate var subscribeText: TraceList<[UInt8]>? {
        get { subscribe.map { TraceList($0) } }
        set { subscribe = newValue?.elements }
    }
}
