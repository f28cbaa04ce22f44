import Glibc
package import Transports

/// System calls that fail for the calling thread and for all that it starts (seccomp(2)), as a container's rules or a
/// kernel without some part make them fail.
package enum SystemCallFilter {
    /// A call by its number, with its first argument where only that is refused.
    package struct Refusal: Sendable {
        let number: UInt32
        var firstArgument: UInt32?
        let code: Int32

        /// `recvmmsg` fails with `code`.
        package static func receivingDatagrams(_ code: Int32) -> Refusal {
            Refusal(number: Numbers.recvmmsg, firstArgument: nil, code: code)
        }

        /// There are no sockets of `family`.
        package static func sockets(family: Int32) -> Refusal {
            Refusal(number: Numbers.socket, firstArgument: UInt32(bitPattern: family), code: EAFNOSUPPORT)
        }
    }

    private enum Numbers {
        #if arch(x86_64)
            static let (recvmmsg, socket, prctl): (UInt32, UInt32, Int) = (299, 41, 157)
        #else
            static let (recvmmsg, socket, prctl): (UInt32, UInt32, Int) = (243, 198, 167)
        #endif
    }

    /// From now on the call fails for this thread. Nothing takes that back.
    package static func install(_ refusal: Refusal) throws(IOError) {
        // Instructions of BPF, as sock_filter lays them out: code, two jumps, operand.
        func instruction(_ code: UInt64, _ ifTrue: UInt64, _ ifFalse: UInt64, _ operand: UInt32) -> UInt64 {
            code | ifTrue << 16 | ifFalse << 24 | UInt64(operand) << 32
        }
        let (load, jumpIfEqual, end): (UInt64, UInt64, UInt64) = (0x20, 0x15, 0x06)
        let (allow, fail): (UInt32, UInt32) = (0x7FFF_0000, 0x0005_0000 | UInt32(refusal.code))
        let argument = refusal.firstArgument
        let skipped: UInt64 = argument == nil ? 1 : 3
        var program = [instruction(load, 0, 0, 0), instruction(jumpIfEqual, 0, skipped, refusal.number)]
        if let argument {
            program += [instruction(load, 0, 0, 16), instruction(jumpIfEqual, 0, 1, argument)]
        }
        program += [instruction(end, 0, 0, fail), instruction(end, 0, 0, allow)]
        let (noNewPrivileges, setFilter, modeFilter) = (38, 22, 2)
        let isInstalled = program.withUnsafeBufferPointer { instructions in
            // sock_fprog: the number of instructions and, at the next multiple of eight octets, where they are.
            var description = (UInt64(instructions.count), UInt64(UInt(bitPattern: instructions.baseAddress)))
            return OwnThread.systemCall(Numbers.prctl, noNewPrivileges, 1) == 0
                && withUnsafePointer(to: &description) {
                    OwnThread.systemCall(Numbers.prctl, setFilter, modeFilter, Int(bitPattern: $0)) == 0
                }
        }
        guard isInstalled else { throw IOError(operation: "seccomp", code: errno) }
    }

    /// Whether this machine allows filters.
    package static let isAvailable = (try? OwnThread.run { try install(.sockets(family: -1)) }) != nil
}
