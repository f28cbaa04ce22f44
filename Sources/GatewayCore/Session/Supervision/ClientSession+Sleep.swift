import Bytes
import MQTTSN

// PINGREQ and the sleep cycle (MQTT-SN 1.2 §6.11, §6.14).

extension ClientSession {
    /// GW-60, GW-71, GW-74; a PINGREQ that names another client has been taken out before.
    mutating func receivePingRequest(_ clientID: ByteRange, _ datagram: RawSpan, in environment: inout Environment) {
        switch phase {
        case .active: send(.pingResponse, in: &environment)
        case .asleep: if !setUp.isUnderWay, !isLeaving { wakeUp(in: &environment) }
        case .awake:
            // The client listens now, so what is open is said again at once; pauses take their time.
            guard downlink.awaitsClient(in: environment.store), !setUp.isUnderWay else { return }
            repeatOpen(in: &environment)
        case .connecting, .disconnected, .over: break
        }
    }

    /// A sleeper speaks, though it has not come for what waits for it in all its Duration: it takes itself for
    /// connected, as a DISCONNECT that the network held back came behind its CONNECT, or has never heard of PINGREQ. It
    /// is there, so what waits is brought to it as if it had asked (AMB-13).
    mutating func bringWhatWaits(in environment: inout Environment) {
        guard phase == .asleep, !downlink.isEmpty, !setUp.isUnderWay, !isLeaving,
            supervision.hasStayedAway(at: environment.now, environment.configuration.supervision)
        else { return }
        wakeUp(in: &environment)
    }

    private mutating func wakeUp(in environment: inout Environment) {
        phase = .awake
        observe(.clientWokeUp, in: &environment)
        stopAsking()
        downlink.beginWakeUp()
        tryUndeliverableInTime(in: &environment)
        deliver(in: &environment)
    }

    /// Whether an awake client has been given as much as one wake-up may bring (AMB-12).
    @inline(__always)
    func hasHadEnough(in environment: borrowing Environment) -> Bool {
        let maximum = environment.configuration.sleep.messagesPerWakeUp
        return phase == .awake && maximum > 0 && downlink.hasDelivered(sinceWakeUp: maximum)
    }

    /// GW-73: after the last acknowledgement, and only then.
    mutating func finishWakeUp(in environment: inout Environment) {
        send(.pingResponse, in: &environment)
        fallAsleep(in: &environment)
    }

    /// With the time begun anew (GW-73), and for a new Duration if the client has said one.
    mutating func fallAsleep(for seconds: UInt16? = nil, in environment: inout Environment) {
        phase = .asleep
        stopAsking()
        supervision.fellAsleep(for: seconds, at: environment.now)
    }

    // MARK: DISCONNECT of the client (§6.12)

    /// Who falls asleep while its CONNECT is carried out takes itself for connected: the CONNECT was a copy. It is
    /// asleep as soon as the broker has accepted that, and nothing becomes of one that is still asked for its Will.
    mutating func receiveDisconnectInSetUp(duration: UInt16, in environment: inout Environment) {
        guard duration > 0 else { return receiveDisconnect(duration: nil, in: &environment) }
        send(.disconnect(duration: nil), in: &environment)
        guard setUp.prompt != nil else { return setUp.clientFellAsleep(for: duration) }
        observe(.clientSetUpAbandoned, in: &environment)
        giveUpSetUp(in: &environment)
    }

    /// Without Duration, or with 0 (AMB-10), the client leaves; otherwise it sleeps.
    mutating func receiveDisconnect(duration: UInt16?, in environment: inout Environment) {
        if let duration, duration > 0 {
            stopsListening()
            setUp.end()  // its CONNECT was a copy, or it has changed its mind
            if phase != .asleep { observe(.clientFellAsleep(seconds: duration), in: &environment) }
            fallAsleep(for: duration, in: &environment)
            send(.disconnect(duration: nil), in: &environment)  // GW-67, GW-68
            return
        }
        send(.disconnect(duration: nil), in: &environment)  // GW-64
        observe(.clientDisconnected, in: &environment)
        supervision.saidGoodbye()
        leave(in: &environment)
    }

    /// Whether the client has said that it leaves, and its broker connection goes on for what it has left open.
    @inline(__always)
    var isLeaving: Bool { supervision.hasSaidGoodbye && phase == .asleep && !setUp.isUnderWay }

    /// The client is gone, and its session is to be kept. Where the broker's is a clean one (AMB-02) it would forget
    /// with the connection which QoS 2 message it has, and the client, which has the exchange still open, would bring
    /// it a second one: the connection ends when the broker has finished it.
    private mutating func leave(in environment: inout Environment) {
        guard phase.isConnected, !request.isClean, canLoseMessage, !broker.isRestoring else {
            return end(in: &environment)
        }
        setUp.end()
        stopsListening()
        fallAsleep(in: &environment)
        goOnLeaving(in: &environment)
    }

    /// Who sleeps, or is gone, is told nothing (GW-69); awake again, it asks again.
    private mutating func stopsListening() {
        wills.clientFellAsleep()
        uplink.clientFellAsleep()
        requests.clientFellAsleep()
    }

    /// What the broker has it may pass on; it leaves when that is done.
    mutating func goOnLeaving(in environment: inout Environment) {
        releaseHeld(in: &environment)
        if !canLoseMessage { end(in: &environment) }
    }
}
