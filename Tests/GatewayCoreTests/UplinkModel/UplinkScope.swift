/// How much is tried out in one search: how many messages under how many ids, and what may happen to them how often.
struct UplinkScope: CustomStringConvertible, Sendable {
    var name: String
    /// The QoS of each message, at most three.
    var qos: [Int] = [2, 2]
    /// Message ids the client takes in turn.
    var ids = 2
    /// Messages the client has open at once.
    var window = 1
    /// How often the client repeats a PUBLISH, and then a PUBREL.
    var retries = 1
    /// How often the broker connection ends.
    var cuts = 0
    /// How often patience passes.
    var waits = 0
    /// How often one Tretry passes.
    var ticks = 0
    /// Exchanges that the gateway lets the client have open.
    var room = 2
    /// Ended exchanges that may be remembered before new ones have to wait.
    var endedRoom = 16
    /// How many of each datagram of the client the network makes, and of each of the gateway.
    var copies = 1
    var answerCopies = 1
    /// What happens besides, once at the most each.
    var happenings: [Happening] = []
    /// Whether a client that was refused begins anew under another message id.
    var renews = false
    /// Whether the client may come back to a message that it has left alone for patience.
    var lingers = true
    /// Whether the client answers every PUBREC with PUBREL, whatever it knows of it.
    var answersAnything = false
    /// Whether the broker, when its session goes on, says PUBREC again for what it holds.
    var brokerRepeats = false
    /// Whether all messages have the same topic and content.
    var isEqual = false
    /// A network in which nothing is under way longer than Tretry, and a client that repeats exactly every Tretry;
    /// else what is under way is only gone with patience, and the client repeats when it likes.
    var isTimely = false
    /// How long, in Tretry, the client leaves a message id alone before it takes it for another message.
    var rest: Int?
    /// Every how many states it is tried whether everything comes to its end on a network that has healed; 0 for never.
    var healing = 1
    var mistake: Mistake?

    /// Something that happens rarely.
    enum Happening: Int, Sendable {
        case restart, forgetting, reboot, cleanReboot, reconnecting, sleep, fullBuffers, request
    }

    /// A fault in how the table is used, for the search to find.
    enum Mistake: String, Sendable, CaseIterable {
        /// Everything is over at once.
        case losesPatience
        /// A copy without DUP is a new message as soon as the first one has ended.
        case takesCopiesForNew
        /// An answer is never held.
        case answersAtAnyTime
        /// The table goes with the broker connection.
        case forgetsWithTheConnection
        /// The end of the broker connection is not noticed.
        case overlooksTheCut
        /// After the broker has come back nothing is released again.
        case releasesOnce
        /// A gateway that was restarted gives other numbers than before.
        case countsByItself
        /// The broker's session is gone, and nobody says so.
        case overlooksForgetting
    }

    /// Tretry × (Nretry + 1), in Tretry.
    var patience = 3

    func allows(_ happening: Happening) -> Bool { happenings.contains(happening) }

    var description: String { name }
}
