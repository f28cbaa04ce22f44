import Glibc
import Transports

/// Runs a part of a test on a thread of its own, which it may take rights from and give another network: what it starts
/// inherits that, and the rest of the process does not.
package enum OwnThread {
    /// What the thread is to do and what came of it; touched by one thread at a time, as the other one waits.
    private final class Work<Outcome>: @unchecked Sendable {
        let body: () throws -> Outcome
        var outcome: Result<Outcome, any Error>?

        init(_ body: @escaping () throws -> Outcome) { self.body = body }
    }

    /// What `body` returns, or throws. Expectations belong behind it, since the thread is not the test's.
    package static func run<Outcome>(_ body: () throws -> Outcome) throws -> Outcome {
        try withoutActuallyEscaping(body) { body in
            let work = Work(body)
            let start: () -> Void = { work.outcome = Result { try work.body() } }
            var thread: pthread_t = 0
            let argument = Unmanaged.passRetained(Start(start)).toOpaque()
            guard pthread_create(&thread, nil, { Start.call($0) }, argument) == 0 else {
                throw IOError(operation: "pthread_create", code: errno)
            }
            pthread_join(thread, nil)
            guard let outcome = work.outcome else { preconditionFailure("the thread has come to its end") }
            return try outcome.get()
        }
    }

    private final class Start {
        private let body: () -> Void

        init(_ body: @escaping () -> Void) { self.body = body }

        static func call(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }
    }

    /// Makes a system call whose function Swift does not show, since it takes any number of arguments.
    package static func systemCall(_ number: Int, _ first: Int, _ second: Int = 0, _ third: Int = 0) -> Int {
        typealias Function = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int
        guard let symbol = dlsym(nil, "syscall") else { return -1 }
        return unsafeBitCast(symbol, to: Function.self)(number, first, second, third, 0, 0, 0)
    }
}
