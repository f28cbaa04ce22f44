import GatewayCore
import MQTTSN
import Time

/// When a session may end and when one may begin: what the gateway forgets too early, its client does not know.
///
/// - A client has left only where it has said so, and is given up only where it was silent: who understands no REGISTER
///   is there as long as it is heard, be it only once while it is asked (AMB-22). It is not silent while the gateway
///   itself cannot send on its link, and has all its time again when that returns.
/// - The broker is asked for a clean session only where the client has asked for one.
/// - A sleeper that wakes up by a CONNECT with CleanSession 0 goes on with its session, however that has begun (GW-25).
/// - A CONNECT that was doubled on its way and begins with the Will dialogue ends nothing: its client answers none.
struct SessionChecker {
    private struct View {
        /// Whether a CONNECT with CleanSession was accepted last or has been heard since; nil before any.
        var hasAskedClean: Bool?
        var isLastClean = false
        var isConnecting = false
        var hasSaidGoodbye = false
        /// Whether a sleeper's CONNECT is being carried out that must find its session.
        var mustGoOn = false
    }

    private var views: [View]
    private(set) var violation: String?

    init(clientCount: Int) { views = Array(repeating: View(), count: clientCount) }

    private mutating func violate(_ client: Int, _ text: String) {
        if violation == nil { violation = "client \(client) \(text)" }
    }

    mutating func gatewayForgot(_ client: Int) { views[client] = View() }

    /// The gateway has forgotten a CONNECT that it was carrying out.
    mutating func setUpIsForgotten(of client: Int) {
        views[client].isConnecting = false
        views[client].mustGoOn = false
    }

    // MARK: The client

    /// The gateway is about to hear a message of the client; `sleepsAtBroker` where the client surely sleeps and the
    /// broker has its session.
    mutating func heard(_ message: Message, of client: Int, sleepsAtBroker: Bool) {
        switch message {
        case .connect(let connect):
            views[client].hasAskedClean = views[client].hasAskedClean == true || connect.flags.cleanSession
            views[client].isLastClean = connect.flags.cleanSession
            views[client].isConnecting = true
            views[client].hasSaidGoodbye = false
            views[client].mustGoOn = sleepsAtBroker && !connect.flags.cleanSession && !connect.flags.will
        case .disconnect(let duration):
            // Whoever has no session yet cannot sleep.
            if (duration ?? 0) == 0 || views[client].isConnecting { views[client].hasSaidGoodbye = true }
        default: break
        }
    }

    // MARK: The gateway

    mutating func said(_ message: Message, to client: Int) {
        guard case .connectAcknowledgement(let code) = message else { return }
        views[client].mustGoOn = false
        views[client].isConnecting = false
        if code == .accepted { views[client].hasAskedClean = views[client].isLastClean }
    }

    /// The gateway says that the client has left.
    mutating func left(_ client: Int) {
        if !views[client].hasSaidGoodbye { violate(client, "is taken for gone, and has not said so") }
    }

    /// The gateway says that it has given the client up, which it heard so long ago; `waitsForRegister` where nothing
    /// but a REGISTER has stayed without an answer, and the client was heard after its first copy.
    mutating func gaveUp(_ client: Int, silence: TimeSpan, keepAlive: UInt16, waitsForRegister: Bool) {
        guard waitsForRegister, keepAlive == 0 || silence < .seconds(Int(keepAlive)) else { return }
        violate(
            client, "is given up because of REGISTER, though it was heard \(silence.nanoseconds / 1_000_000) ms ago")
    }

    /// The gateway says that it has given the client up, though its link was lost, or has only just returned.
    mutating func lostByLink(_ client: Int) { violate(client, "is given up for the silence of its link") }

    /// The gateway leaves the broker in the client's name while it handles an event.
    mutating func brokerConnectionEnds(of client: Int, byDoubledConnect: Bool) {
        // A client that takes the CONNACK of an earlier CONNECT for its last one's has no session to lose yet.
        if byDoubledConnect, !views[client].isConnecting {
            violate(client, "loses its session by a CONNECT that came twice")
        }
        if views[client].mustGoOn { violate(client, "wakes up by CONNECT and loses its session") }
        views[client].mustGoOn = false
    }

    // MARK: The broker

    mutating func brokerOpened(_ client: Int, isClean: Bool) {
        guard isClean, views[client].hasAskedClean == false else { return }
        violate(client, "has a clean session at the broker, and has not asked for one")
    }

    /// The broker, or the network, has ended the client's connection.
    mutating func brokerConnectionFailed(of client: Int) { views[client].mustGoOn = false }
}
