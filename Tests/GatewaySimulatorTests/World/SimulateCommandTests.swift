import Describe
import GatewaySimulator
import Glibc
import Testing
import TraceFile

/// The command `simulate` as a person uses it, and what only separate processes can show.
@Suite struct SimulateCommandTests {
    private static let steps = 300

    // MARK: Determinism

    /// Dictionaries have another order in each process, and the gateway must not care.
    @Test("The same seeds give the same effects in every process, one after the other or at once")
    func sameEffectsInEveryProcess() throws {
        let seeds = UInt64(1)...20
        var hash = CombinedHash()
        for seed in seeds {
            let world = World(seed: seed)
            world.run(steps: Self.steps)
            hash.add(world.effectHash, seed: seed)
        }
        let expected = "effects \(String(hash.value, radix: 16))"
        for jobs in [1, 3] {
            let result = try SimulateCommand.run(
                ["--seeds", "\(seeds.count)", "--steps", "\(Self.steps)", "--jobs", "\(jobs)"])
            #expect(result.output.split(separator: "\n").contains { $0 == expected })
        }
    }

    // MARK: Failures

    @Test("What is taken away from a failing world leaves the same failure") func minimize() throws {
        let arguments = ["--options", "clients=3,loss=50,delay=20,publishing=1000,churn=50", "--steps", "500"]
        let canary = ["--canary", "acknowledge-before-broker"]
        let whole = try SimulateCommand.run(["--seed", "5"] + arguments + canary)
        #expect(whole.status == 129)
        let smallest = try SimulateCommand.run(["--minimize", "5"] + arguments + canary)
        #expect(smallest.status == 129)
        let kept = try #require(smallest.output.split(separator: "\n").first { $0.hasPrefix("kept: ") })
        #expect(kept.hasPrefix("kept: publications: client lasting was told that message # at QoS 1 has arrived"))
        // Nothing is left but what the failure needs, and the line that is told brings it back.
        let line = try #require(smallest.output.split(separator: "\n").last { $0.hasPrefix("simulate --seed 5 ") })
        let words = line.split(separator: " ").dropFirst().map(String.init)
        #expect(words.contains { $0.hasPrefix("clients=1") && !$0.contains("churn") && !$0.contains("delay") })
        let again = try SimulateCommand.run(words)
        #expect(again.status == 129)
        #expect(again.output.contains("was told that message 1 at QoS 1 has arrived"))
    }

    @Test("Many worlds are told by the kinds of their failures, and all of them if that is wanted") func kinds() throws
    {
        let arguments = ["--seeds", "40", "--steps", "200", "--canary", "acknowledge-before-broker"]
        let some = try SimulateCommand.run(arguments)
        let all = try SimulateCommand.run(arguments + ["--keep-going"])
        #expect(some.status != 0 && all.status != 0)
        #expect(all.output.contains("40 worlds in"))
        #expect(all.output.contains(" × publications: client lasting was told that message # at QoS 1 has arrived"))
        #expect(all.output.contains("publishedBesideAnother: "))
    }

    @Test("Another world makes another hash of many, in whatever order they come")
    func combinedHash() {
        func hash(_ worlds: [(UInt64, UInt64)]) -> UInt64 {
            var hash = CombinedHash()
            for (seed, value) in worlds { hash.add(EffectHash(value), seed: seed) }
            return hash.value
        }
        #expect(hash([(1, 7), (2, 8)]) == hash([(2, 8), (1, 7)]))
        #expect(hash([(1, 7), (2, 8)]) != hash([(1, 8), (2, 7)]))
        #expect(hash([(1, 7), (2, 8)]) != hash([(1, 7)]))
        #expect(hash([(1, 7), (2, 7)]) != hash([(1, 8), (2, 8)]))
    }

    // MARK: Replay

    /// A file in a directory of its own, removed when nobody holds it.
    private final class StoredTrace {
        let path: String

        init(_ text: String) throws {
            var template = Array("/tmp/swiftlet-simulate-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/a.trace"
            let file = try #require(fopen(path, "w"))
            fputs(text, file)
            fclose(file)
        }

        deinit {
            unlink(path)
            rmdir(String(path.dropLast("/a.trace".count)))
        }
    }

    private func recorded(_ change: (inout Trace) -> Void = { _ in }) throws -> (trace: Trace, file: StoredTrace) {
        let world = World(seed: 2)
        world.recordsTrace = true
        world.run(steps: Self.steps)
        var trace = world.trace
        change(&trace)
        return (trace, try StoredTrace(String(decoding: trace.text, as: UTF8.self)))
    }

    @Test("A recording that does the same again is told in one line")
    func sameEffects() throws {
        let (trace, file) = try recorded()
        let result = try SimulateCommand.run(["--replay", file.path])
        #expect(result.status == 0)
        #expect(result.output == "\(trace.entries.count) events, the same effects\n")
    }

    @Test(
        "What a recording's end means is told",
        arguments: [
            (Trace.Ending.limitReached, "The recording ended at its limit; the gateway went on."),
            (.abrupt, "The recording stops without an end: the gateway was killed, crashed, or is still running."),
        ])
    func ending(ending: Trace.Ending, words: String) throws {
        let (trace, file) = try recorded { $0.ending = ending }
        let result = try SimulateCommand.run(["--replay", file.path])
        #expect(result.status == 0)
        #expect(result.output == "\(words)\n\(trace.entries.count) events, the same effects\n")
    }

    @Test("The event at which a process ended is told before it is handled")
    func unfinishedEvent() throws {
        let (trace, file) = try recorded {
            $0.entries[$0.entries.count - 1].effectHash = nil
            $0.ending = .insideLine
        }
        let result = try SimulateCommand.run(["--replay", file.path])
        #expect(result.status == 0)
        let last = try #require(trace.entries.last)
        #expect(
            result.output == """
                The recording stops inside a line: the gateway was killed, crashed, or could not write.
                \(TraceWords(trace).event(last))
                \(trace.entries.count) events, the same effects

                """)
    }

    @Test("The first event with other effects is told, and what the gateway does now")
    func otherEffects() throws {
        let (trace, file) = try recorded { $0.entries[0].effectHash = 1 }
        let result = try SimulateCommand.run(["--replay", file.path])
        #expect(result.status == 129)
        #expect(
            result.output.hasPrefix(
                """
                INCORRECT  event 1 of \(trace.entries.count) has other effects than recorded:
                0.000000 s  is told the time
                    opens stream 0:
                """))
    }

    @Test("A recording is told in words from its first event to its last")
    func words() throws {
        let (trace, file) = try recorded()
        let result = try SimulateCommand.run(["--replay", file.path, "--words"])
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n").map(String.init)
        let words = TraceWords(trace)
        #expect(lines.filter { !$0.hasPrefix(" ") }.dropLast() == trace.entries.map(words.event)[...])
    }

    @Test("What is no trace is refused with its line")
    func noTrace() throws {
        let file = try StoredTrace("swiftlet-trace 2\nseed = 1\n[events]\nnow deadline x 1\n")
        let result = try SimulateCommand.run(["--replay", file.path])
        #expect(result.status == 64)
        #expect(result.output == "simulate: \(file.path):4: 'now' is no time in nanoseconds\n")
    }
}
