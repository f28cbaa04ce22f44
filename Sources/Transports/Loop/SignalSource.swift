import CLinux
import Glibc

/// A signal that the process wants to hear about instead of being ended by it.
package enum Signal: Sendable, CaseIterable {
    /// SIGTERM: a request to stop.
    case terminate
    /// SIGINT: a request to stop from the keyboard.
    case interrupt
    /// SIGHUP: a request to read the configuration again.
    case hangUp
    /// SIGUSR1: for the program's own use.
    case user1
    /// SIGUSR2: the same.
    case user2

    /// The signal's number in the system.
    var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        }
    }
}

/// The receiver of signals, called in a turn of the loop like for any other event.
package protocol SignalSourceDelegate: AnyObject {
    /// The process received `signal`, once or several times.
    func signalReceived(_ signal: Signal)
}

/// Signals as events of a loop, by signalfd.
package final class SignalSource: ReadinessHandler {
    private var descriptor: OwnedDescriptor
    private let loop: EventLoop

    /// Told the signals.
    package weak var delegate: (any SignalSourceDelegate)?

    /// Lets `signals` wait for a source to come: none of them ends the process from here on. They are blocked in the
    /// calling thread and in those that it starts, so this must come before other threads start.
    ///
    /// SIGPIPE is ignored from here on, since a broken connection is an error of its write.
    package static func holdBack(_ signals: [Signal]) { _ = block(signals) }

    private static func block(_ signals: [Signal]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal.number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // Last, as it is what others can see of this in proc(5).
        _ = signal(SIGPIPE, SIG_IGN)
        return set
    }

    /// Takes over `signals`, held back or not, as `holdBack` does. They stay blocked after `close`.
    package init(_ signals: [Signal], loop: EventLoop) throws(IOError) {
        var set = Self.block(signals)
        descriptor = try OwnedDescriptor(
            signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)), operation: "signalfd")
        self.loop = loop
        try loop.add(descriptor.value, self, interest: .readable)
    }

    package func ready(_ readiness: Readiness) {
        var information = signalfd_siginfo()
        let byteCount = MemoryLayout<signalfd_siginfo>.size
        while descriptor.isOpen, read(descriptor.value, &information, byteCount) == byteCount {
            let number = Int32(bitPattern: information.ssi_signo)
            for signal in Signal.allCases where signal.number == number { delegate?.signalReceived(signal) }
        }
    }

    /// Stops listening to signals.
    package func close() {
        guard descriptor.isOpen else { return }
        loop.remove(descriptor.value)
        descriptor.close()
    }
}
