/// What the owner of a world's gateway allows one kind of sender: `[[client]]` as README explains it to owners. It
/// shares no code with the gateway.
struct WorldRule: Equatable {
    /// What stands before its topics at the broker; empty for nothing.
    var prefix: [UInt8] = []
    /// Filters of what it may publish to and subscribe to, as it says them itself; nil for everything.
    var publish: [[UInt8]]?
    var subscribe: [[UInt8]]?
    var maximumQoS: UInt8 = 2
    var passesRetain = true

    func mayPublish(to name: [UInt8], qos: UInt8) -> Bool { qos <= maximumQoS && Self.areAllowed(name, publish) }
    func maySubscribe(to filter: [UInt8]) -> Bool { Self.areAllowed(filter, subscribe) }
    /// Whether what the broker has on that topic, the prefix taken off, may come down.
    func mayHear(_ name: [UInt8]) -> Bool { Self.areAllowed(name, subscribe) }

    /// How the broker calls a topic or a filter of the sender's.
    func atBroker(_ topic: [UInt8]) -> [UInt8] { prefix + topic }

    /// How the sender calls a topic or a filter of the broker's; nil where that is none of its own.
    func own(_ topic: [UInt8]) -> [UInt8]? {
        guard topic.count > prefix.count, topic.starts(with: prefix) else { return prefix.isEmpty ? topic : nil }
        return Array(topic.dropFirst(prefix.count))
    }

    private static func areAllowed(_ topic: [UInt8], _ allowed: [[UInt8]]?) -> Bool {
        guard let allowed else { return true }
        return allowed.contains { covers(levels(of: $0), levels(of: topic)) }
    }

    private static func levels(of topic: [UInt8]) -> ArraySlice<ArraySlice<UInt8>> {
        topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
    }

    /// Whether a filter selects whatever another one selects; a name selects itself (MQTT 3.1.1 §4.7.1).
    private static func covers(
        _ filter: ArraySlice<ArraySlice<UInt8>>, _ other: ArraySlice<ArraySlice<UInt8>>
    ) -> Bool {
        let (all, any): ([UInt8], [UInt8]) = (Array("#".utf8), Array("+".utf8))
        guard let level = filter.first else { return other.isEmpty }
        if level.elementsEqual(all) { return true }
        guard let otherLevel = other.first else { return false }
        let isSelected = level.elementsEqual(any) ? !otherLevel.elementsEqual(all) : level.elementsEqual(otherLevel)
        return isSelected && covers(filter.dropFirst(), other.dropFirst())
    }
}
