import Glibc
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// The files of `Config/recipes`: each is taken by `check`, and does what it says in front of a broker with the same
    /// constraints.
    @Suite(
        .serialized,
        .enabled(
            if: MosquittoProcess.isExpected && TestCertificates.isExpected, "mosquitto or openssl is not installed"))
    struct RecipesTests {
        struct Recipe: Sendable, CustomTestStringConvertible {
            var name: String
            /// What the broker of the recipe demands, in mosquitto's words.
            var broker = ""
            var hasPassword = false
            var takesExactlyOnce = true
            /// Whether it has a rule by which each client has a certificate of its own.
            var hasRule = false

            var testDescription: String { name }
        }

        static let recipes = [
            Recipe(
                name: "aws-iot-core", broker: "require_certificate true\nmax_qos 1", takesExactlyOnce: false,
                hasRule: true),
            Recipe(
                name: "azure-event-grid", broker: "require_certificate true\nuse_identity_as_username true\nmax_qos 1",
                takesExactlyOnce: false, hasRule: true),
            Recipe(name: "hivemq-cloud", hasPassword: true),
            Recipe(name: "emqx", hasPassword: true),
            Recipe(name: "mosquitto", hasPassword: true),
        ]

        private static let folder =
            #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
            + "/Config/recipes"

        private let certificates: TestCertificates
        private let directory: TemporaryDirectory

        init() throws {
            certificates = try .shared()
            directory = try TemporaryDirectory()
        }

        private func output(_ program: String, _ argument: String) throws -> String {
            let process = try ChildProcess(program, [argument], name: "output", in: directory)
            try #require(process.waitForExit() == .exited(0), "\(process.errorOutput)")
            return process.output
        }

        /// The recipe with this machine's files in the place of its own.
        private func text(of recipe: Recipe) throws -> String {
            let password = try directory.write("broker-password", "drowssap\n")
            let files = [
                "ca_file": certificates.authority, "certificate_file": certificates.client.certificate,
                "key_file": certificates.client.key, "password": "file:\(password)",
            ]
            return try output("/bin/cat", "\(Self.folder)/\(recipe.name).toml").split(
                separator: "\n", omittingEmptySubsequences: false
            ).map { line in
                let key = line.prefix { $0 != " " }
                return files[String(key)].map { "\(key) = '\($0)'" } ?? String(line)
            }.joined(separator: "\n")
        }

        /// The rule at the file's end without its '#', with files of this machine.
        private func rule(of recipe: Recipe) throws -> String {
            let bytes = try FileReader.read(path: "\(Self.folder)/\(recipe.name).toml", maximumByteCount: 65_536)
            let lines = String(decoding: bytes, as: UTF8.self).lines
            let start = try #require(lines.firstIndex(of: "# [[client]]"), "\(recipe.name) has no rule")
            let files = ["certificate_file": "pem", "key_file": "key"]
            return lines[start...].map { line in
                let words = line.split(separator: " ")
                guard let kind = files[String(words[1])] else { return String(line.dropFirst(2)) }
                return "\(words[1]) = '\(certificates.path)/${client_id}.\(kind)'"
            }.joined(separator: "\n")
        }

        /// The same without tables but `[[udp]]`, for behind the keys that tests set themselves.
        private func keys(of recipe: Recipe) throws -> String {
            var table = ""
            var keys: [String] = []
            for line in try text(of: recipe).split(separator: "\n") where !line.hasPrefix("#") {
                if line.hasPrefix("[[") { break }
                if line.hasPrefix("[") {
                    table = String(line.dropFirst().dropLast())
                } else if !line.hasPrefix("url ") && !line.hasPrefix("shared_client_id ") {
                    keys.append("\(table).\(line)")
                }
            }
            if !keys.contains(where: { $0.hasPrefix("tls.ca_file") }) {
                keys.append("tls.ca_file = '\(certificates.authority)'")
            }
            return keys.joined(separator: "\n") + "\n"
        }

        @Test("Every recipe is known here") func allAreTried() throws {
            let files = try output("/bin/ls", Self.folder).split(separator: "\n")
            #expect(Set(files.map(String.init)) == Set(Self.recipes.map { "\($0.name).toml" }))
        }

        @Test("`swiftlet check` takes the file", arguments: recipes) func isTaken(recipe: Recipe) throws {
            let file = try directory.write("\(recipe.name).toml", try text(of: recipe))
            let checked = try SwiftletCommand.run(["check", file])
            #expect(checked.exit == .exited(0), "\(checked.output)\(checked.error)")
            #expect(!(checked.output + checked.error).contains("drowssap"))
        }

        @Test("With its rule the file is taken too", arguments: recipes.filter(\.hasRule))
        func isTakenWithItsRule(recipe: Recipe) throws {
            let rule = try rule(of: recipe)
            let file = try directory.write("\(recipe.name).toml", try text(of: recipe) + "\n" + rule)
            let checked = try SwiftletCommand.run(["check", file])
            #expect(checked.exit == .exited(0), "\(checked.output)\(checked.error)")
        }

        @Test("With its rule each sensor comes with a certificate of its own", arguments: recipes.filter(\.hasRule))
        func worksWithItsRule(recipe: Recipe) throws {
            let mosquitto = try MosquittoProcess(
                options: """
                    cafile \(certificates.authority)
                    certfile \(certificates.server.certificate)
                    keyfile \(certificates.server.key)
                    require_certificate true
                    use_identity_as_username true
                    max_qos 1
                    """)
            let keys = try keys(of: recipe) + rule(of: recipe)
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, keys, scheme: "mqtts")
            for name in TestCertificates.deviceNames {
                let sensor = try Sensor(gateway.address)
                try sensor.connect(name)
                try sensor.publishAtLeastOnce(try sensor.register("plant/\(name)"), [7], messageID: 3)
                #expect(mosquitto.log.lines.contains { $0.contains(" as \(name) (p5") && $0.contains("u'\(name)'") })
            }
            #expect(mosquitto.log.lines.contains { $0.contains(" as swiftlet-1 (p5") && $0.contains("u'gateway'") })
        }

        @Test("A sensor's messages pass, and what the broker does not take is told", arguments: recipes)
        func works(recipe: Recipe) throws {
            let mosquitto = try MosquittoProcess(
                credentials: recipe.hasPassword ? ("gateway", "drowssap") : nil,
                options: """
                    cafile \(certificates.authority)
                    certfile \(certificates.server.certificate)
                    keyfile \(certificates.server.key)
                    \(recipe.broker)
                    """)
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, try keys(of: recipe), scheme: "mqtts")
            let (sensor, display) = (try Sensor(gateway.address), try Sensor(gateway.address))
            try sensor.connect("a-sensor")
            try display.connect("a-display")
            let topicID = try sensor.register("plant/1/temperature")
            let shown = try display.subscribe("plant/1/temperature", qos: .atLeastOnce)
            try sensor.publishAtLeastOnce(topicID, [7], messageID: 3)
            let heard = try display.expectPublish()
            #expect(heard.payload == [7] && heard.topicID == shown)
            try display.send(Datagram.publishAcknowledgement(shown, heard.messageID))
            try sensor.send(Datagram.publish(topicID, [8], qos: .exactlyOnce, messageID: 4))
            if recipe.takesExactlyOnce {
                try sensor.expect(Datagram.publishReceived(4))
            } else {
                try sensor.expect(Datagram.publishAcknowledgement(topicID, 4, .notSupported))
            }
            #expect(eventually { mosquitto.log.contains("as a-sensor (p5") })
            #expect(!gateway.log.contains { $0.contains("drowssap") })
        }
    }
}
