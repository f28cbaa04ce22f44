import Glibc
import Testing

/// The built command `simulate`, run as a process of its own.
enum SimulateCommand {
    /// Runs it to its end, with hashing that differs between processes as it does without tests.
    ///
    /// - Returns: the exit status, and everything it printed.
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let program = try #require(path, "the command simulate is not built")
        var ends: [Int32] = [0, 0]
        // Processes of other tests must not hold the ends too, and pipe2(2) is not to be had here.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        var strings = ([program] + arguments).map { strdup($0) } + [nil]
        var environment = environmentWithRandomHashing().map { strdup($0) } + [nil]
        defer { for string in strings + environment { free(string) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, program, &actions, nil, &strings, &environment)
        close(ends[1])
        try #require(code == 0, "posix_spawn: \(code)")
        let output = readAll(ends[0])
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        return (status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F), output)
    }

    private static func readAll(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var portion = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &portion, portion.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: portion[..<count])
        }
    }

    /// This process's environment without what makes all processes hash alike.
    private static func environmentWithRandomHashing() -> [String] {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        return variables.filter { !$0.hasPrefix("SWIFT_DETERMINISTIC_HASHING=") }
    }

    /// Where the build put it: beside the tests.
    private static let path: String? = {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let test = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        let candidates = ([test] + CommandLine.arguments).map { directory(of: $0) + "/simulate" }
        return (candidates + [root.joined(separator: "/") + "/.build/debug/simulate"]).first { access($0, X_OK) == 0 }
    }()

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
