import Testing

/// The rules of the house that a reader of the sources can check; each failure says what to do instead.
@Suite struct HouseRulesTests {
    private static let product = SourceFile.all(in: ["Sources"])
    private static let simulators = SourceFile.all(in: ["Simulators"])

    /// Words that must not stand in the code of certain folders.
    struct Ban: Sendable, CustomTestStringConvertible {
        var words: [String]
        var folders: [String]
        /// Files in which the words are right.
        var exceptions: [String] = []
        var instead: String

        var testDescription: String { words.joined(separator: ", ") }
    }

    static let bans = [
        Ban(
            words: ["import Foundation", "import FoundationEssentials", "import Dispatch"],
            folders: ["Sources/", "Simulators/"],
            instead: "use the standard library, or add what is missing to Transports"
        ),
        Ban(
            words: ["import Glibc", "import CLinux"],
            folders: [
                "Sources/HTTP/", "Sources/WebSocket/", "Sources/Bytes/",
                "Sources/Time/", "Sources/MQTT/", "Sources/MQTTSN/", "Sources/LinkFraming/",
                "Sources/GatewayCore/", "Sources/SensorClient/",
                "Sources/TraceFile/", "Sources/Journal/", "Sources/Configuration/", "Sources/GatewayHost/",
                "Sources/swiftlet/", "Simulators/",
            ],
            exceptions: SourceFile.all(in: ["Simulators/Support"]).map(\.path),
            instead: "only Transports calls the system: give it a function for what you need"),
        Ban(
            words: ["Clock.now", "ContinuousClock", "SuspendingClock", "clock_gettime"],
            folders: [
                "Sources/HTTP/", "Sources/WebSocket/", "Sources/Bytes/",
                "Sources/Time/", "Sources/MQTT/", "Sources/MQTTSN/", "Sources/LinkFraming/",
                "Sources/GatewayCore/", "Sources/SensorClient/",
                "Sources/TraceFile/", "Sources/Journal/", "Simulators/GatewaySimulator/",
            ],
            instead: "time is an argument: take `now` from the event"),
        Ban(
            words: ["SystemRandomNumberGenerator", ".randomElement()", ".shuffled()", "UInt64.random(", "Int.random("],
            folders: [
                "Sources/HTTP/", "Sources/WebSocket/", "Sources/Bytes/",
                "Sources/Time/", "Sources/MQTT/", "Sources/MQTTSN/", "Sources/LinkFraming/",
                "Sources/GatewayCore/", "Sources/SensorClient/",
                "Sources/TraceFile/", "Sources/Journal/", "Simulators/GatewaySimulator/",
            ], exceptions: ["Sources/GatewayCore/Time/RandomNumbers.swift"],
            instead: "chance comes from a seed: draw from `RandomNumbers`"),
        Ban(
            words: [" any ", "[any ", "(any "],
            folders: [
                "Sources/GatewayCore/", "Sources/MQTT/", "Sources/MQTTSN/", "Sources/LinkFraming/",
                "Sources/SensorClient/",
            ],
            instead: "no existentials on the way of a message: use the concrete type"),
        Ban(
            words: ["package "],
            folders: ["Sources/Bytes/", "Sources/Time/", "Sources/MQTT/", "Sources/MQTTSN/"],
            instead: "say public: the compiler inlines nothing that is package into the core"),
        Ban(
            words: ["fatalError(", "try!", "as!"], folders: ["Sources/", "Simulators/"],
            instead: "throw, or answer; `precondition` is for our own mistakes"),
        Ban(
            words: ["FIXME", "TODO"], folders: ["Sources/", "Simulators/"],
            instead: "do it, or write an issue"),
        Ban(
            words: [".keys", ".values", "mapValues", "compactMapValues"],
            folders: ["Sources/GatewayCore/", "Sources/LinkFraming/"],
            exceptions: ["Sources/GatewayCore/Discovery/Advertiser.swift"],
            instead: "a dictionary's order differs between processes: keep an array, or visit the slab"),
    ]

    @Test(arguments: bans) func nothingBannedIsUsed(_ ban: Ban) {
        for file in Self.product + Self.simulators {
            guard ban.folders.contains(where: file.path.hasPrefix), !ban.exceptions.contains(file.path) else {
                continue
            }
            let lines = ban.words.contains("TODO") ? file.lines : file.code
            for (index, line) in lines.enumerated() {
                for word in ban.words where line.contains(word) && !line.contains("using: &") {
                    Issue.record("\(file.path):\(index + 1): '\(word)' is not used here: \(ban.instead)")
                }
            }
        }
    }

    @Test func filesAreShort() {
        for file in Self.product + Self.simulators where file.lines.count > 401 {
            Issue.record("\(file.path) has \(file.lines.count) lines; split it by procedure at 400")
        }
    }

    @Test func functionsAreShort() {
        for file in Self.product + Self.simulators {
            for function in file.functions where function.lineCount > 70 {
                Issue.record(
                    "\(file.path):\(function.line): \(function.name) has \(function.lineCount) lines; split it at 70")
            }
        }
    }

    @Test func linesAreShort() {
        for file in Self.product + Self.simulators {
            for (index, line) in file.lines.enumerated() where line.count > 120 {
                Issue.record("\(file.path):\(index + 1): \(line.count) characters; break the line at 120")
            }
        }
    }

    /// `default` hides the case that was added last; over numbers and foreign types there is no other way.
    @Test func switchesOverOwnEnumsNameEveryCase() {
        let foreign = [
            "Sources/MQTTSN/Flags.swift", "Sources/Bytes/UTF8Validation.swift",
            // Return codes are numbers of which most are reserved.
            "Sources/GatewayCore/Session/Downlink/ClientSession+DeliverAnswers.swift",
            "Sources/GatewayCore/Session/Topics/ClientSession+Register.swift",
            // Octets of which most mean nothing special, and types and statuses of which most are reserved.
            "Sources/LinkFraming/Framings/SLIP.swift", "Sources/LinkFraming/XBee/ATCommand.swift",
            "Sources/LinkFraming/XBee/XBeeDeliveryStatus.swift", "Sources/LinkFraming/XBee/XBeeFrame+Decode.swift",
            "Sources/LinkFraming/XBee/XBeeModemStatus.swift", "Sources/LinkFraming/XBee/XBeeModule.swift",
        ]
        let folders = [
            "Sources/GatewayCore/", "Sources/MQTT/", "Sources/MQTTSN/", "Sources/LinkFraming/", "Sources/SensorClient/",
        ]
        for file in Self.product where folders.contains(where: file.path.hasPrefix) && !foreign.contains(file.path) {
            for (index, line) in file.code.enumerated() where line.drop(while: { $0 == " " }).hasPrefix("default:") {
                Issue.record(
                    "\(file.path):\(index + 1): name the cases, so that the compiler lists what a new one needs")
            }
        }
    }

    /// The readers above must see something, or they prove nothing.
    @Test func theRulesHaveTeeth() {
        let text = """
            // import Foundation in a comment
            let text = "import Foundation in a string"
            import Foundation
            func long() {
            \(String(repeating: "    call()\n", count: 70))}
            """
        let file = SourceFile(path: "Sources/Example.swift", text: text)
        #expect(file.code.filter { $0.contains("import Foundation") }.count == 1)
        #expect(file.functions.map(\.lineCount) == [72])
        #expect(Self.product.count > 100 && Self.product.contains { $0.functions.count > 5 })
    }
}
