import Glibc
import Testing
import Transports

extension RealSocketTests {
    /// The command on a machine without OpenSSL, as far as it can see.
    @Suite(
        .serialized,
        .enabled(if: HiddenOpenSSL.isPossible, "this process may have no mounts of its own (unshare)"))
    struct MissingOpenSSLTests {
        private func swiftlet(
            _ command: String, _ configuration: String, _ options: String...
        ) throws -> (exit: ChildProcess.ExitReason?, output: String, error: String) {
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                "gateway.toml", configuration + "\n[[udp]]\nlisten = 'udp://127.0.0.1:0'\n")
            let path = try #require(SwiftletCommand.path)
            return try HiddenOpenSSL.run([path, command] + (command == "run" ? ["--config", file] : [file]) + options)
        }

        /// EX_UNAVAILABLE (69), and what to install; a check elsewhere than on the gateway's machine is no mistake.
        @Test func aBrokerAtMqttsIsRefusedInOneSentence() throws {
            let started = try swiftlet("run", "broker.url = 'mqtts://127.0.0.1:1'")
            #expect(started.exit == .exited(69))
            let sentence = "TLS needs OpenSSL 3, which is not installed here: apt-get install libssl3"
            #expect(started.error.contains("error cannot speak to mqtts://127.0.0.1:1: \(sentence)"))
            let checked = try swiftlet("check", "broker.url = 'mqtts://127.0.0.1:1'")
            #expect(checked.exit == .exited(0))
            #expect(checked.output.contains(":1:14: 'broker.url' asks for TLS, and no certificate was looked at: TLS"))
            let looked = try swiftlet("check", "broker.url = 'mqtts://127.0.0.1:1'", "--here")
            #expect(looked.exit == .exited(78))
            #expect(looked.output.contains("✗ broker 127.0.0.1") && looked.output.contains("install libssl3"))
        }

        @Test(.enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
        func aBrokerAtMqttIsServed() throws {
            let mosquitto = try MosquittoProcess()
            let looked = try swiftlet("check", "broker.url = 'mqtt://127.0.0.1:\(mosquitto.port)'", "--here")
            #expect(looked.exit == .exited(0))
            #expect(looked.output.contains("CONNECT accepted"))
        }
    }
}

/// Runs commands that see the system's libraries without libssl.
private enum HiddenOpenSSL {
    private static let script = """
        set -e
        directory=$1; shift
        libraries=$(dirname "$(ldconfig -p | grep -m 1 -o '/.*/libssl.so.3$')")
        mount -t tmpfs none "$directory"
        cd "$directory"
        mkdir all some
        mount --bind "$libraries" all
        for file in all/*; do
            case "$file" in */libssl.so*) ;; *) ln -s "$PWD/$file" some/ ;; esac
        done
        mount --bind some "$libraries"
        exec "$@"
        """

    static let isPossible: Bool = {
        guard geteuid() == 0, let exit = try? run(["/bin/true"]).exit else { return false }
        return exit == .exited(0)
    }()

    /// Runs a command where there is no libssl.
    static func run(
        _ command: [String]
    ) throws -> (exit: ChildProcess.ExitReason?, output: String, error: String) {
        let (mounted, directory) = (try TemporaryDirectory(), try TemporaryDirectory())
        let process = try ChildProcess(
            "/usr/bin/unshare", ["--mount", "/bin/sh", "-c", script, "sh", mounted.path] + command, name: "hidden",
            in: directory)
        let exit = process.waitForExit()
        return (exit, process.output, process.errorOutput)
    }
}
