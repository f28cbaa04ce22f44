// The scopes that are searched. A letter more in any of them multiplies the states.

extension UplinkScope {
    init(_ name: String, _ change: (inout UplinkScope) -> Void) {
        self.init(name: name)
        change(&self)
    }

    /// A network in which everything arrives within Tretry or not at all.
    private init(timely name: String, _ change: (inout UplinkScope) -> Void) {
        self.init(name: name)
        (isTimely, patience) = (true, 2)
        change(&self)
    }

    /// To their ends, within seconds.
    static let bounded = network + clients + connections

    private static let network = [
        UplinkScope("everything comes twice") { $0.copies = 2 },
        UplinkScope("three messages") { ($0.qos, $0.ids) = ([2, 2, 2], 3) },
        UplinkScope("one id, no repetition") { ($0.ids, $0.retries, $0.waits) = (1, 0, 1) },
        UplinkScope("one id") { ($0.ids, $0.waits) = (1, 1) },
        UplinkScope("one id, three messages") { ($0.qos, $0.ids, $0.waits) = ([2, 2, 2], 1, 2) },
        UplinkScope("Tretry by Tretry") { ($0.ids, $0.ticks, $0.waits) = (1, 2, 1) },
        UplinkScope("a full window") { ($0.window, $0.waits, $0.room) = (2, 1, 1) },
        UplinkScope("QoS 1") { ($0.qos, $0.ids, $0.cuts, $0.waits) = ([1, 1], 1, 1, 1) },
        UplinkScope("QoS 1 beside QoS 1") { ($0.qos, $0.window, $0.cuts) = ([1, 1], 2, 1) },
        UplinkScope("QoS 1, then 2") { ($0.qos, $0.ids, $0.cuts, $0.waits) = ([1, 2], 1, 1, 2) },
        UplinkScope("QoS 2, then 1") { ($0.qos, $0.ids, $0.cuts, $0.waits) = ([2, 1], 1, 1, 2) },
        UplinkScope("QoS 1 and 2 in a full window") {
            ($0.qos, $0.window, $0.room, $0.waits) = ([1, 2], 2, 1, 1)
        },
        UplinkScope(timely: "in time") { ($0.ids, $0.ticks, $0.cuts) = (1, 5, 1) },
        UplinkScope(timely: "in time, QoS 1") { ($0.qos, $0.ids, $0.ticks, $0.cuts) = ([1, 1], 1, 5, 1) },
        UplinkScope(timely: "in time, QoS 1, then 2") {
            ($0.qos, $0.ids, $0.ticks, $0.cuts) = ([1, 2], 1, 5, 1)
        },
        UplinkScope(timely: "equal messages") {
            ($0.isEqual, $0.ids, $0.retries, $0.copies, $0.ticks, $0.cuts) = (true, 1, 0, 2, 4, 1)
        },
    ]

    private static let clients = [
        UplinkScope("who is refused begins anew") {
            ($0.window, $0.room, $0.renews, $0.cuts, $0.lingers) = (2, 1, true, 1, false)
        },
        UplinkScope("no room for ended ones") {
            ($0.endedRoom, $0.renews, $0.cuts, $0.waits) = (1, true, 1, 1)
        },
        UplinkScope("a client that answers anything") {
            ($0.answersAnything, $0.answerCopies, $0.ids, $0.cuts, $0.waits) = (true, 2, 1, 1, 2)
        },
        UplinkScope("a client that reboots") { ($0.happenings, $0.ids, $0.waits) = ([.reboot], 1, 1) },
        UplinkScope("a client that reboots and counts from 1") {
            ($0.happenings, $0.qos, $0.window, $0.room, $0.retries) = ([.reboot], [2, 2, 2], 2, 1, 0)
        },
        UplinkScope("a clean client that reboots") {
            ($0.happenings, $0.ids, $0.cuts, $0.waits) = ([.cleanReboot], 1, 1, 1)
        },
        UplinkScope("a QoS 1 client that reboots") {
            ($0.happenings, $0.qos, $0.ids, $0.waits) = ([.reboot, .sleep], [1, 1], 1, 1)
        },
        UplinkScope("CONNECT again") { ($0.happenings, $0.waits) = ([.reconnecting], 1) },
        UplinkScope("sleep") { ($0.happenings, $0.waits) = ([.sleep], 1) },
        UplinkScope("sleep, one id, room for one") {
            ($0.happenings, $0.ids, $0.room, $0.waits) = ([.sleep], 1, 1, 2)
        },
    ]

    private static let connections = [
        UplinkScope("a cut") { ($0.cuts, $0.waits) = (1, 1) },
        UplinkScope("a cut, one id") { ($0.ids, $0.cuts, $0.waits) = (1, 2, 1) },
        UplinkScope("a gateway that is restarted") { ($0.happenings, $0.room) = ([.restart], 4) },
        UplinkScope("a gateway that is restarted, and a broker that repeats") {
            ($0.happenings, $0.room, $0.brokerRepeats) = ([.restart], 4, true)
        },
        UplinkScope("a gateway that is restarted, room for one, and a broker that repeats") {
            ($0.happenings, $0.room, $0.brokerRepeats, $0.waits) = ([.restart], 1, true, 1)
        },
        UplinkScope("a client that comes back after patience to what a cut left in the dark") {
            ($0.window, $0.room, $0.cuts, $0.waits) = (2, 1, 1, 1)
        },
        UplinkScope("a cut, and a broker that repeats") { ($0.cuts, $0.waits, $0.brokerRepeats) = (1, 1, true) },
        UplinkScope("a broker that forgets") { ($0.happenings, $0.cuts) = ([.forgetting], 1) },
        UplinkScope("a broker that forgets, one id") {
            ($0.happenings, $0.ids, $0.cuts, $0.waits) = ([.forgetting], 1, 1, 1)
        },
        UplinkScope("a full connection, and a SUBSCRIBE") {
            ($0.happenings, $0.window, $0.room, $0.waits, $0.retries) = ([.fullBuffers, .request], 2, 1, 1, 0)
        },
    ]

    /// Millions of states, to a limit.
    static let large = [
        UplinkScope("large: three messages, a cut") {
            ($0.qos, $0.window, $0.copies, $0.cuts, $0.waits) = ([2, 2, 2], 2, 2, 1, 1)
            $0.lingers = false
        },
        UplinkScope("large: refusals") {
            ($0.qos, $0.window, $0.room, $0.renews, $0.copies, $0.waits) = ([2, 2, 2], 2, 1, true, 2, 2)
        },
        UplinkScope("large: refusals and a cut") {
            ($0.qos, $0.window, $0.room, $0.renews, $0.cuts, $0.waits) = ([2, 2, 2], 2, 1, true, 1, 2)
            $0.lingers = false
        },
        UplinkScope("large: QoS 1 and 2, cuts, Tretry by Tretry") {
            ($0.qos, $0.window, $0.cuts, $0.waits, $0.ticks) = ([1, 2, 2], 2, 2, 2, 2)
        },
        UplinkScope("large: a client with every habit") {
            ($0.qos, $0.window, $0.room, $0.waits) = ([2, 1, 2], 2, 2, 2)
            $0.happenings = [.reboot, .reconnecting, .sleep, .fullBuffers, .request]
            $0.answersAnything = true
        },
        UplinkScope("large: a gateway that is restarted") {
            ($0.qos, $0.ids, $0.window, $0.room, $0.cuts, $0.waits) = ([2, 1, 2], 3, 2, 4, 1, 1)
            ($0.happenings, $0.healing, $0.brokerRepeats) = ([.restart], 0, true)
        },
        UplinkScope("large: a broker that forgets") {
            ($0.qos, $0.window, $0.cuts, $0.waits) = ([2, 2, 1], 2, 2, 2)
            ($0.happenings, $0.healing, $0.lingers) = ([.forgetting, .reconnecting], 0, false)
        },
        UplinkScope(timely: "large: in time") {
            ($0.qos, $0.window, $0.room, $0.ticks, $0.cuts, $0.renews) = ([2, 2, 2], 2, 1, 6, 1, true)
            $0.lingers = false
        },
        UplinkScope(timely: "large: in time, every habit") {
            ($0.qos, $0.ids, $0.ticks, $0.cuts) = ([2, 1, 2], 2, 6, 1)
            $0.happenings = [.reboot, .reconnecting, .sleep]
        },
    ]
}

/// A fault in how the table is used, and a scope in which the search has to find it.
struct PlantedMistake: CustomStringConvertible, Sendable {
    var mistake: UplinkScope.Mistake
    var scope: UplinkScope

    var description: String { mistake.rawValue }

    init(_ mistake: UplinkScope.Mistake, _ change: (inout UplinkScope) -> Void) {
        self.mistake = mistake
        scope = UplinkScope(mistake.rawValue, change)
        scope.mistake = mistake
    }

    static let all = [
        PlantedMistake(.losesPatience) { $0.copies = 2 },
        PlantedMistake(.takesCopiesForNew) { $0.copies = 2 },
        PlantedMistake(.answersAtAnyTime) { ($0.qos, $0.ids, $0.waits) = ([1, 1], 1, 1) },
        PlantedMistake(.forgetsWithTheConnection) { $0.cuts = 1 },
        PlantedMistake(.overlooksTheCut) { $0.cuts = 1 },
        PlantedMistake(.releasesOnce) { $0.cuts = 1 },
        PlantedMistake(.countsByItself) { ($0.happenings, $0.room) = ([.restart], 4) },
        PlantedMistake(.overlooksForgetting) { ($0.happenings, $0.cuts) = ([.forgetting], 1) },
    ]
}

/// A client or a world for which the promise does not hold, and what happens to it.
struct UplinkLimit: CustomStringConvertible, Sendable {
    var outcome: String
    var scope: UplinkScope

    var description: String { scope.name }

    static let all = [
        UplinkLimit(
            outcome: "message 1 is acknowledged and lost",
            scope: UplinkScope("an id that is used for another message within patience") {
                ($0.ids, $0.rest) = (1, 0)
            }),
        UplinkLimit(
            outcome: "more messages are acknowledged than are delivered",
            scope: UplinkScope("an equal message within patience, of which only the repetition arrives") {
                ($0.isEqual, $0.isTimely, $0.ids, $0.ticks) = (true, true, 1, 2)
            }),
        UplinkLimit(
            outcome: "message 1 is acknowledged and lost",
            scope: UplinkScope("an id whose last message was given up before the gateway was restarted") {
                ($0.happenings, $0.ids, $0.waits, $0.room, $0.healing) = ([.restart], 1, 1, 4, 0)
            }),
        UplinkLimit(
            outcome: "an exchange never ends",
            scope: UplinkScope("a PUBREC of before the gateway's restart, and a cut") {
                ($0.happenings, $0.cuts, $0.room) = ([.restart], 1, 4)
            }),
    ]
}
