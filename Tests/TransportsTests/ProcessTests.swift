import CLinux
import Glibc
import SimulatorSupport
import Testing
import Transports

/// Collects the signals told.
private final class SignalRecorder: SignalSourceDelegate {
    var signals: [Transports.Signal] = []

    func signalReceived(_ signal: Transports.Signal) { signals.append(signal) }
}

/// Writes more than a pipe holds to each stream.
private func writeMuchToBothStandardStreams() {
    let output = [UInt8](repeating: UInt8(ascii: "o"), count: 300_000)
    let error = [UInt8](repeating: UInt8(ascii: "e"), count: 300_000)
    let outputSpan = output.span
    let errorSpan = error.span
    StandardOutput.write(outputSpan.bytes)
    StandardError.write(errorSpan.bytes)
}

/// Whether connecting with no descriptor left fails as an attempt to connect, for want of one.
private func failsToConnectWithoutDescriptors() throws -> Bool {
    let loop = try EventLoop()
    let owner = StreamRecorder()
    let address = try loopback("127.0.0.1", 1)
    var limit = rlimit()
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    _ = TCPStream(connectingTo: address, loop: loop, delegate: owner)
    _ = try loop.turn { !owner.closeReasons.isEmpty }
    let error = IOError(operation: "connect tcp://\(address)", code: EMFILE, phase: .connecting)
    return owner.closeReasons == [.failed(error)]
}

/// Signals and what else a program asks of its process.
@Suite(.serialized) struct ProcessTests {
    @Test func aSignalIsAnEventOfTheLoop() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let loop = try EventLoop()
        let source = try SignalSource([.user1, .terminate], loop: loop)
        let recorder = SignalRecorder()
        source.delegate = recorder
        // To this thread alone, which the source has just made safe.
        pthread_kill(pthread_self(), SIGUSR1)
        #expect(try loop.turn { !recorder.signals.isEmpty })
        pthread_kill(pthread_self(), SIGTERM)
        #expect(try loop.turn { recorder.signals.count >= 2 })
        #expect(recorder.signals == [.user1, .terminate])
        source.close()
    }

    @Test func descriptorLimitIsRaisedToTheHardOne() {
        let limits = ProcessLimits.raiseFileDescriptorLimit()
        #expect(limits.soft == limits.hard)
        #expect(limits.soft > 0)
    }

    /// What fails before the network is asked is a failure to connect as well.
    @Test func aSocketThatCannotBeOpenedIsAFailedAttempt() async {
        await #expect(processExitsWith: .exitCode(3)) {
            ProcessControl.exit((try? failsToConnectWithoutDescriptors()) == true ? 3 : 4)
        }
    }

    @Test func residentMemoryIsPlausible() throws {
        let byteCount = try #require(ProcessLimits.residentMemoryByteCount())
        #expect(byteCount > 1_000_000 && byteCount < 100_000_000_000)
    }

    @Test func wallClockIsAfterThisWasWritten() {
        let now = WallClock.now()
        #expect(now.seconds > 1_760_000_000)
        #expect((0..<1_000_000_000).contains(now.nanoseconds))
    }

    @Test func environmentIsRead() {
        setenv("SWIFTLET_TRANSPORTS_TEST", "value", 1)
        #expect(ProcessControl.environment("SWIFTLET_TRANSPORTS_TEST") == "value")
        #expect(ProcessControl.environment("SWIFTLET_TRANSPORTS_TEST_ABSENT") == nil)
    }

    @Test func filesAreReadWholeOrNotAtAll() throws {
        var path = Array("/tmp/swiftlet-transports-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        try #require(descriptor >= 0)
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(name) }
        let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(write(descriptor, content, content.count) == content.count)
        close(descriptor)
        #expect(try FileReader.read(path: name, maximumByteCount: 50_000) == content)
        #expect(throws: IOError(operation: "read \(name)", code: EFBIG)) {
            try FileReader.read(path: name, maximumByteCount: 49_999)
        }
        #expect(throws: IOError(operation: "read /tmp", code: EISDIR)) {
            try FileReader.read(path: "/tmp", maximumByteCount: 1)
        }
        #expect(throws: IOError(operation: "read /no/such/file", code: ENOENT)) {
            try FileReader.read(path: "/no/such/file", maximumByteCount: 1)
        }
    }

    @Test func aFileIsNoTerminal() throws {
        let descriptor = open("/dev/null", O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(!ProcessControl.isTerminal(descriptor))
    }

    /// A blocking descriptor, as standard error is, that nobody reads: the patience is used up once, and nothing is
    /// waited for any more.
    @Test(.timeLimit(.minutes(1))) func patientOutputDoesNotWaitForAReader() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let lines = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
        var patience: UInt64 = 20_000_000
        let isWritten = PatientOutput.write(lines.span.bytes, to: ends[1], patience: &patience)
        #expect(!isWritten)
        #expect(patience == 0)
        let isWrittenAgain = PatientOutput.write(lines.span.bytes, to: ends[1], patience: &patience)
        #expect(!isWrittenAgain)
        var buffer = [UInt8](repeating: 0, count: 1_000_000)
        #expect(read(ends[0], &buffer, buffer.count) > 0)
        let line = Array("line\n".utf8)
        let isTaken = PatientOutput.write(line.span.bytes, to: ends[1], patience: &patience)
        #expect(isTaken, "who reads again is written to again, without patience")
        #expect(read(ends[0], &buffer, buffer.count) == line.count)
    }

    @Test func standardStreamsAreWrittenWhole() async {
        let result = await #expect(
            processExitsWith: .exitCode(3), observing: [\.standardOutputContent, \.standardErrorContent]
        ) {
            writeMuchToBothStandardStreams()
            ProcessControl.exit(3)
        }
        #expect(result?.standardOutputContent.filter { $0 == UInt8(ascii: "o") }.count ?? 0 >= 300_000)
        #expect(result?.standardErrorContent.filter { $0 == UInt8(ascii: "e") }.count ?? 0 >= 300_000)
    }
}
