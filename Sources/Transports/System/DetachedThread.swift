import CLinux
import Glibc

/// A thread that nobody waits for, to which no signal is delivered.
enum DetachedThread {
    /// An object and what a thread does with it.
    private final class Work: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Lets a new thread do `body` with `object`, which it keeps alive until it is done.
    static func start<Object: AnyObject & Sendable>(
        _ object: Object, _ body: @escaping @Sendable (Object) -> Void
    ) throws(IOError) {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        // A thread inherits the mask of its maker.
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let retained = Unmanaged.passRetained(Work { body(object) })
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw IOError(operation: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }
}
