import MQTTSN
import Time

/// What is counted of one client for whoever looks at it; nothing is decided by it.
///
/// It owns numbers only, so that the path of a message takes no memory. Numbers wrap. They begin anew with another life
/// of the gateway: what is recorded of a session is what its client must not miss.
struct SessionFigures: Sendable {
    /// Messages that were passed on to the broker, each once.
    private(set) var upCount: UInt32 = 0
    /// Messages that the client has, as far as their QoS can tell.
    private(set) var downCount: UInt32 = 0
    /// What either side has said more than once.
    private(set) var repeatedCount: UInt32 = 0
    /// How its last message named its topic; nil before the first.
    private(set) var lastTopic: TopicReference?
    /// Seconds, smoothed; 0 before the first return.
    private var usualSleepSeconds: UInt16 = 0

    /// How long it is usually silent while it sleeps; nil before it has come back once.
    var usualSleep: TimeSpan? { usualSleepSeconds > 0 ? .seconds(Int(usualSleepSeconds)) : nil }

    mutating func forwarded(_ topic: TopicReference? = nil) {
        upCount &+= 1
        lastTopic = topic ?? lastTopic
    }

    mutating func delivered() { downCount &+= 1 }
    mutating func repeated() { repeatedCount &+= 1 }
    mutating func speaks(of topic: TopicReference) { lastTopic = topic }

    mutating func cameBack(after silence: TimeSpan) {
        let seconds = UInt16(clamping: silence.nanoseconds / 1_000_000_000)
        guard usualSleepSeconds > 0 else {
            usualSleepSeconds = seconds
            return
        }
        usualSleepSeconds = usualSleepSeconds - usualSleepSeconds / 4 + seconds / 4
    }
}

extension ClientSession {
    /// A message of the client has gone up for the first time.
    @inline(__always)
    mutating func noteForwarded(_ topic: TopicReference, _ qos: QoS, in environment: inout Environment) {
        figures.forwarded(topic)
        observe(.messageForwarded(QualityOfService(qos)), in: &environment)
    }

    /// The client has a message of the broker that came so long ago.
    @inline(__always)
    mutating func noteDelivered(_ qos: QoS, after span: TimeSpan, in environment: inout Environment) {
        figures.delivered()
        observe(.messageDelivered(QualityOfService(qos), after: span), in: &environment)
    }

    /// The client has said a PUBLISH again.
    mutating func noteRepeated(_ qos: QoS, in environment: inout Environment) {
        figures.repeated()
        observe(.messageRepeated(QualityOfService(qos)), in: &environment)
    }

    /// The gateway says something to the client again.
    mutating func noteSentAgain(in environment: inout Environment) {
        figures.repeated()
        environment.observe(.messageSentAgain, peer: route?.peer)
    }

    /// The client has taken so long to answer.
    @inline(__always)
    mutating func noteRoundTrip(_ span: TimeSpan, in environment: inout Environment) {
        roundTrip.take(span)
        environment.observe(.clientAnswered(after: span), peer: route?.peer)
    }
}
