import Glibc

/// What a crashing process still says: which piece of work each thread was at, by a number.
package enum CrashNote {
    /// Threads beyond these are not noted.
    private static let capacity = 256
    /// Thread and number in turn; read by a signal handler, so it is plain memory that lives as long as the process.
    private nonisolated(unsafe) static let table: UnsafeMutablePointer<UInt64> = {
        let table = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * capacity)
        table.initialize(repeating: 0, count: 2 * capacity)
        return table
    }()

    /// From now on a crash ends the process with status 127, after a line on standard error that names the number of
    /// the thread as the seed of a simulation.
    ///
    /// - Precondition: Called once, before any `note`.
    package static func install() {
        _ = table
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in CrashNote.tell() }
            sigaction(signal, &action, nil)
        }
    }

    /// Notes what the calling thread is at.
    package static func note(_ number: UInt64) {
        let thread = UInt64(pthread_self())
        for index in 0..<capacity {
            guard table[2 * index] == thread || table[2 * index] == 0 else { continue }
            table[2 * index] = thread
            table[2 * index + 1] = number
            return
        }
    }

    /// Runs in a signal handler: nothing here may allocate.
    private static func tell() {
        let thread = UInt64(pthread_self())
        var number: UInt64 = 0
        for index in 0..<capacity where table[2 * index] == thread { number = table[2 * index + 1] }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { text in
            var position = 63
            text[position] = 0x0A
            repeat {
                position -= 1
                text[position] = 0x30 + UInt8(number % 10)
                number /= 10
            } while number > 0
            let label: StaticString = "crash: simulate --seed "
            _ = write(STDERR_FILENO, label.utf8Start, label.utf8CodeUnitCount)
            _ = write(STDERR_FILENO, text.baseAddress?.advanced(by: position), 64 - position)
        }
        _exit(127)
    }
}
