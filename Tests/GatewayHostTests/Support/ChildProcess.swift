import Glibc
import Testing
import Transports

/// A directory of its own for one test, removed with what is in it when nobody holds it.
final class TemporaryDirectory {
    let path: String
    private var files: Set<String> = []

    init() throws {
        var template = Array("/tmp/swiftlet-host-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure(operation: "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // A broker that drops its privileges writes here too.
        chmod(path, 0o777)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        // Nothing is followed out of it: what is no directory, or only names one, is unlinked.
        if unlink(path) == 0 { return }
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != "." && name != ".." { remove("\(path)/\(name)") }
            }
            closedir(directory)
        }
        rmdir(path)
    }

    /// Writes a file; returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemFailure(operation: "open \(file)") }
        defer { close(descriptor) }
        let bytes = octets(text)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SystemFailure(operation: "write \(file)")
        }
        return file
    }

    /// A file's text; empty when there is none.
    func read(_ name: String) -> String {
        let bytes = try? FileReader.read(path: "\(path)/\(name)", maximumByteCount: 16_777_216)
        return String(decoding: bytes ?? [], as: UTF8.self)
    }
}

/// A program that a test runs, with its output in files; killed when nobody holds it.
final class ChildProcess {
    let identifier: pid_t
    private let directory: TemporaryDirectory
    private let name: String
    private var status: ExitReason?

    /// How a process ended.
    enum ExitReason: Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// Starts `program`; it reads `input`, and its output goes to `name.out` and `name.err` in `directory`.
    init(
        _ program: String, _ arguments: [String], name: String, in directory: TemporaryDirectory, input: String = ""
    ) throws {
        (self.directory, self.name) = (directory, name)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let source = input.isEmpty ? "/dev/null" : try directory.write("\(name).in", input)
        posix_spawn_file_actions_addopen(&actions, 0, source, O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 1, "\(directory.path)/\(name).out", flags, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, "\(directory.path)/\(name).err", flags, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Other tests block and ignore signals in this process, which its children would inherit.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var strings = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, program, &actions, &attributes, &strings, environ)
        guard code == 0 else {
            errno = code
            throw SystemFailure(operation: "posix_spawn \(program)")
        }
        self.identifier = identifier
    }

    deinit {
        if poll() == nil {
            kill(SIGKILL)
            _ = waitForExit()
        }
    }

    func kill(_ signal: Int32) { _ = Glibc.kill(identifier, signal) }

    /// How the process ended; nil while it runs.
    func poll() -> ExitReason? {
        if let status { return status }
        var raw: Int32 = 0
        guard waitpid(identifier, &raw, WNOHANG) == identifier else { return nil }
        let signal = raw & 0x7F
        status = signal == 0 ? .exited(raw >> 8 & 0xFF) : .signalled(signal)
        return status
    }

    /// Waits for the end; nil when it does not come in time.
    func waitForExit(within duration: Duration = generous) -> ExitReason? {
        _ = eventually(within: duration) { poll() != nil }
        return status
    }

    var output: String { directory.read("\(name).out") }

    var errorOutput: String { directory.read("\(name).err") }

    /// The memory that the process occupies, in octets (proc(5)); nil when it is gone.
    var residentMemoryByteCount: Int? {
        guard let bytes = try? FileReader.read(path: "/proc/\(identifier)/statm", maximumByteCount: 4_096) else {
            return nil
        }
        let fields = bytes.split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
