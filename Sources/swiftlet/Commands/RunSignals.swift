import GatewayHost
import Transports

/// The signals of a running gateway: two ask it to end, the others ask for something, and none ends it by itself.
final class RunSignals: SignalSourceDelegate {
    private(set) var askForEnd = false
    /// Who is asked; signals that come before there is somebody wait.
    private unowned let host: Host
    private let source: SignalSource

    /// The first thing a gateway does: from here on no signal ends it before it has begun to listen to them.
    static func holdBack() { SignalSource.holdBack(Signal.allCases) }

    init(_ host: Host) throws(IOError) {
        self.host = host
        source = try SignalSource(Signal.allCases, loop: host.loop)
        source.delegate = self
    }

    func signalReceived(_ signal: Signal) {
        switch signal {
        case .terminate, .interrupt: askForEnd = true
        case .hangUp: host.askForReload()
        case .user1: host.tellCounts()
        case .user2: host.switchTalkativeness()
        }
    }
}
