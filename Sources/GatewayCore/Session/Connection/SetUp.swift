import MQTTSN
import Time

/// The set-up that a CONNECT has begun and that has not come to its CONNACK (MQTT-SN 1.2 §6.2, §6.3).
///
/// It owns what that CONNECT asks for, what the client has said of its Will so far, and the repetition of WILLTOPICREQ
/// and WILLMSGREQ. A session that the client has already goes on beside it while the client is being asked: the
/// CONNECT may be a copy that the network made, and then nobody answers. Only what the gateway would send in that
/// session of its own accord waits, as the client says that it is not connected. When the client has said everything,
/// or had nothing to say, the broker is asked, and for that the connection of the session before must be left; what
/// the session is to be changes with the broker's acceptance, so that a refusal leaves a kept session as it was.
///
/// A CONNECT with a Will is always answered by WILLTOPICREQ: no CONNECT can be told from that of a node that has just
/// rebooted, and such a node will not say its new Will unless it is asked for it. Without a Will, the same CONNECT
/// again is a repetition while the broker is asked.
///
/// A client that goes on in its session while it is asked for a Will has most likely not said that CONNECT: where the
/// rest of the dialogue comes all the same, as copies do, it is begun again, and only a client that means it goes
/// through it twice.
///
/// Invariants: only prompts are repeated; a Will is there only where the CONNECT announced one.
struct SetUp: Sendable {
    /// What becomes of the session's Will.
    enum WillWish: Equatable, Sendable {
        /// It stays as it is (GW-25).
        case keep
        /// It is this one from now on, or none.
        case replace(StoredWill?)
    }

    private enum Step: Sendable {
        /// WILLTOPICREQ is out.
        case awaitingWillTopic
        /// WILLMSGREQ is out; the Will has everything but its message.
        case awaitingWillMessage(StoredWill)
        /// Everything is known; the broker has first to finish what it would forget with the connection of the session
        /// before.
        case awaitingRest(WillWish)
        /// Everything is known; the broker has not answered the CONNECT.
        case awaitingBroker(WillWish)
    }

    private struct Progress: Sendable {
        var request: ConnectRequest
        /// Where the client is asked, if its session is elsewhere so far.
        var place: Route?
        var step: Step
        /// When the prompt is sent again, or the rest is waited for no longer.
        var clock = RetryClock()
        var endsSleep = false
        /// Where the client was in the session whose broker connection was left for this, and which goes on in it.
        var formerPhase: SessionPhase?
        /// Whether the client, since it was asked first, has said something that belongs to the session it has.
        var isDoubtful = false
        /// Whether it has been asked all over again for that; once is enough.
        var isSecond = false
        /// The Duration with which the client has said that it sleeps; 0 where it has not.
        var sleepSeconds: UInt16 = 0
    }

    /// In a box of its own, as sessions in set-up are few.
    private indirect enum Work: Sendable {
        case none
        case underWay(Progress)
    }

    private var work = Work.none

    private var progress: Progress? {
        guard case .underWay(let progress) = work else { return nil }
        return progress
    }

    private mutating func change(_ body: (inout Progress) -> Void) {
        guard case .underWay(var progress) = work else { return }
        body(&progress)
        work = .underWay(progress)
    }

    // MARK: What it is about

    var isUnderWay: Bool {
        if case .none = work { return false }
        return true
    }

    var isAwaitingBroker: Bool {
        guard case .awaitingBroker? = progress?.step else { return false }
        return true
    }

    var isAwaitingRest: Bool {
        guard case .awaitingRest? = progress?.step else { return false }
        return true
    }

    /// Whether the CONNECT ends a sleep, so that its session lives, however it was begun (AMB-02).
    var endsSleep: Bool { progress?.endsSleep == true }
    mutating func noteSleep() { change { $0.endsSleep = true } }

    /// Where the client is if the process ends before the broker has answered: it may not have said that CONNECT, as
    /// networks double, and then it will not say it again. nil where it was not connected before.
    var formerPhase: SessionPhase? { progress?.formerPhase }
    mutating func leaves(_ phase: SessionPhase) { change { $0.formerPhase = phase } }

    /// For how long the client sleeps as soon as it is connected; 0 where it does not.
    var sleepSeconds: UInt16 { progress?.sleepSeconds ?? 0 }
    mutating func clientFellAsleep(for seconds: UInt16) { change { $0.sleepSeconds = seconds } }

    /// The client says its CONNECT again. Until that is answered it takes itself for asleep, if it was told so.
    mutating func clientWokeUp() {
        change {
            if $0.sleepSeconds > 0, $0.formerPhase != nil { $0.formerPhase = .asleep }
            $0.sleepSeconds = 0
        }
    }

    /// What the CONNECT asks for.
    var request: ConnectRequest? { progress?.request }

    /// Where the client is asked for its Will, if its session is elsewhere; nil once it has said everything.
    var place: Route? { progress?.place }

    /// The client has said everything: it is there.
    mutating func takePlace() -> Route? {
        guard let place else { return nil }
        change { $0.place = nil }
        return place
    }

    /// What becomes of the session's Will when the broker accepts; so far, as the client may still be asked.
    var willWish: WillWish {
        guard case .awaitingBroker(let wish)? = progress?.step else { return .keep }
        return wish
    }

    /// WILLTOPICREQ or WILLMSGREQ, while the client is being asked.
    var prompt: Message? {
        switch progress?.step {
        case .awaitingWillTopic?: .willTopicRequest
        case .awaitingWillMessage?: .willMessageRequest
        case .awaitingRest?, .awaitingBroker?, nil: nil
        }
    }

    /// Whether `request` needs no more than the last answer again.
    func isRepeated(by request: ConnectRequest) -> Bool {
        guard let progress, progress.request.asksForTheSame(as: request) else { return false }
        switch progress.step {
        case .awaitingWillTopic: return true
        case .awaitingWillMessage: return false
        case .awaitingRest, .awaitingBroker: return !request.wantsWill
        }
    }

    // MARK: Its way

    /// A CONNECT begins it; what an earlier one had come to is given up.
    mutating func begin(_ request: ConnectRequest, at place: Route?) {
        let step = request.wantsWill ? Step.awaitingWillTopic : .awaitingBroker(.keep)
        work = .underWay(Progress(request: request, place: place, step: step))
    }

    /// The prompt has just been sent.
    mutating func promptSent(at now: Instant, interval: TimeSpan) {
        change {
            if $0.clock.attempts == 0 {
                $0.clock.start(at: now, interval: interval, isRepetition: false)
            } else {
                $0.clock.startAgain(at: now, interval: interval)
            }
        }
    }

    /// The clock of the prompt; one that stands where nothing is repeated.
    var clock: RetryClock { progress?.clock ?? RetryClock() }

    /// The prompt could not be said again since `stopped`, and now it can.
    mutating func goOn(at now: Instant, stoppedAt stopped: Instant) {
        if prompt != nil { change { $0.clock.goOn(at: now, stoppedAt: stopped) } }
    }

    /// The client goes on in the session that it has.
    mutating func clientSpokeInSession() {
        if isUnderWay, prompt != nil { change { $0.isDoubtful = !$0.isSecond } }
    }

    /// The client has said all of its Will but the message; it may do so again before that.
    ///
    /// - Returns: false where it was not asked.
    mutating func takeTopic(_ will: StoredWill) -> Bool {
        guard prompt != nil else { return false }
        change {
            $0.step = .awaitingWillMessage(will)
            $0.clock.stop()
        }
        return true
    }

    /// The client has said that it has no Will.
    ///
    /// - Returns: false where it was not asked.
    mutating func takeNoWill() -> Bool {
        guard prompt != nil else { return false }
        finishWill(.replace(nil))
        return true
    }

    /// The client has said the rest of its Will.
    ///
    /// - Returns: false where it was not asked.
    mutating func takeMessage(_ message: [UInt8]) -> Bool {
        guard case .awaitingWillMessage(var will)? = progress?.step else { return false }
        will.message = message
        finishWill(.replace(will))
        return true
    }

    var isAwaitingWillMessage: Bool {
        guard case .awaitingWillMessage? = progress?.step else { return false }
        return true
    }

    /// The client has said everything; where it may not have meant it, it is asked once more.
    private mutating func finishWill(_ wish: WillWish) {
        change {
            let isSecond = $0.isDoubtful
            let step: Step = isSecond ? .awaitingWillTopic : .awaitingBroker(wish)
            $0 = Progress(request: $0.request, place: $0.place, step: step)
            $0.isSecond = isSecond
        }
    }

    /// The broker is not asked before `instant`, unless the rest is over earlier.
    mutating func awaitRest(until instant: Instant) {
        guard case .awaitingBroker(let wish)? = progress?.step else { return }
        change {
            $0.step = .awaitingRest(wish)
            $0.clock.wait(until: instant)
        }
    }

    /// Nothing is waited for any more but the broker's answer.
    mutating func restIsOver() {
        guard case .awaitingRest(let wish)? = progress?.step else { return }
        change {
            $0.step = .awaitingBroker(wish)
            $0.clock.stop()
        }
    }

    /// It has come to its end, whatever that is.
    mutating func end() { work = .none }

    /// - Returns: what does not hold; nil if all does.
    func checkInvariants() -> String? {
        guard let progress else { return nil }
        switch progress.step {
        case .awaitingWillTopic, .awaitingWillMessage:
            if progress.clock.ringsAt == nil { return "a client is asked for its Will once only" }
            if !progress.request.wantsWill { return "a client is asked for a Will that it did not announce" }
        case .awaitingRest:
            if progress.clock.ringsAt == nil { return "a rest is waited for without end" }
        case .awaitingBroker(let wish):
            if progress.clock.ringsAt != nil { return "something is repeated while the broker is asked" }
            if !progress.request.wantsWill, wish != .keep { return "a Will changes that the CONNECT did not announce" }
        }
        return nil
    }
}
