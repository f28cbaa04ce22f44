import Glibc
import Testing

/// Chromium without a screen, driven over two pipes by its DevTools protocol, of which a few commands are enough.
final class HeadlessBrowser {
    /// Where it is; nil where it is not installed.
    static let path: String? = ["chromium", "chromium-browser", "google-chrome"].lazy
        .map { "/usr/bin/" + $0 }.first { access($0, X_OK) == 0 }

    private let directory: TemporaryDirectory
    private let process: ChildProcess
    private let commands: Int32
    private let answers: Int32
    private var buffer: [UInt8] = []
    private var count = 0
    private var session = ""
    /// Everything that the browser told, one JSON object each.
    private(set) var messages: [String] = []

    /// Opens `url` in a window of `width` by 900 pixels.
    init(_ url: String, width: Int = 1_240) throws {
        directory = try TemporaryDirectory()
        let (input, output) = (directory.path + "/commands", directory.path + "/answers")
        guard mkfifo(input, 0o600) == 0, mkfifo(output, 0o600) == 0 else { throw SystemFailure(operation: "mkfifo") }
        // Opened both ways, neither side waits for the other.
        commands = open(input, O_RDWR | O_CLOEXEC)
        answers = open(output, O_RDWR | O_CLOEXEC | O_NONBLOCK)
        let program = try #require(Self.path)
        let options =
            "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-dev-shm-usage"
            + " --user-data-dir=\(directory.path)/profile --remote-debugging-pipe"
        process = try ChildProcess(
            "/bin/sh", ["-c", "exec \(program) \(options) 3<'\(input)' 4>'\(output)'"], name: "chromium",
            in: directory)
        let target = try value("targetId", in: command("Target.createTarget", "\"url\":\"about:blank\""))
        session = try value(
            "sessionId", in: command("Target.attachToTarget", "\"targetId\":\"\(target)\",\"flatten\":true"))
        for domain in ["Page", "Runtime", "Log", "Network"] { try command(domain + ".enable") }
        try command(
            "Emulation.setDeviceMetricsOverride",
            "\"width\":\(width),\"height\":900,\"deviceScaleFactor\":1,\"mobile\":\(width < 500)")
        try command("Page.navigate", "\"url\":\"\(url)\"")
    }

    deinit {
        process.kill(SIGKILL)
        _ = process.waitForExit()
        close(commands)
        close(answers)
        // The profile is a directory, which a TemporaryDirectory does not remove.
        if let remover = try? ChildProcess("/bin/rm", ["-rf", directory.path + "/profile"], name: "rm", in: directory) {
            _ = remover.waitForExit()
        }
    }

    /// Whether the page comes to that `expression` of JavaScript is true.
    func comesTo(_ expression: String, within duration: Duration = generous) throws -> Bool {
        try eventually(within: duration) { try evaluate("!!(\(expression))").contains("\"value\":true") }
    }

    /// What `expression` gives, in JSON.
    func evaluate(_ expression: String) throws -> String {
        let escaped = expression.reduce(into: "") { text, character in
            if character == "\"" || character == "\\" { text += "\\" }
            text.append(character)
        }
        return try command("Runtime.evaluate", "\"expression\":\"\(escaped)\",\"returnByValue\":true")
    }

    /// The answer to one command.
    @discardableResult
    private func command(_ method: String, _ parameters: String = "") throws -> String {
        count += 1
        let session = session.isEmpty ? "" : ",\"sessionId\":\"\(session)\""
        let text = "{\"id\":\(count),\"method\":\"\(method)\",\"params\":{\(parameters)}\(session)}"
        let bytes = Array(text.utf8) + [0]
        guard write(commands, bytes, bytes.count) == bytes.count else { throw SystemFailure(operation: "write") }
        let deadline = Deadline(in: generous)
        while true {
            let message = try next(until: deadline)
            if message.hasPrefix("{\"id\":\(count),") { return message }
            messages.append(message)
        }
    }

    private func next(until deadline: Deadline) throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            guard waitUntilReady(answers, for: POLLIN, until: deadline) else {
                throw NothingCame(awaited: "an answer of the browser; it says \(process.errorOutput)")
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = Glibc.read(answers, &chunk, chunk.count)
            if count > 0 { buffer += chunk[..<count] }
        }
    }

    private func value(_ name: String, in message: String) throws -> String {
        let key = "\"\(name)\":\""
        let start = try #require(message.firstRange(of: key), "no \(name) in \(message)").upperBound
        return String(message[start...].prefix { $0 != "\"" })
    }
}
