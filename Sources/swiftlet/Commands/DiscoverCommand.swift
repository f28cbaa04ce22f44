import Configuration
import MQTTSN
import SensorClient
import Time
import Transports

/// `swiftlet discover`: which gateways can be found here, and whether they take a client.
enum DiscoverCommand {
    static let entry = CommandEntry(
        "discover", "look for gateways in this network, and ask each whether it takes a client",
        details: """
            Sends SEARCHGW to the groups, listens for GWINFO and ADVERTISE, and sends each gateway one CONNECT
            under a ClientId of its own, with CleanSession, so that nobody is disturbed.
            """,
        options: [group, interface, duration, radius, .json], success: "a gateway was found",
        failures: [.unavailable, .systemFailure, .temporaryFailure],
        examples: [("swiftlet discover --on eth0 --for 5", "on one interface")], synonyms: ["search", "scan"],
        execute: execute)

    static let group = Option(
        "--group", "-g", value: "udp://ADDRESS[:PORT]", isRepeatable: true,
        help: "A multicast group or broadcast address; default udp://239.255.18.84:1884.")
    static let interface = Option("--on", value: "NAME", help: "The network interface; else the system chooses one.")
    static let duration = Option("--for", value: "SECONDS", help: "How long to listen; default 3.")
    static let radius = Option("--radius", value: "N", help: "Radius of SEARCHGW, 0 to 255; default 1.")

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        var groups = try arguments.allParsed(group, EndpointParser.group)
        if groups.isEmpty { groups = [UDPGroup(host: "239.255.18.84", port: UDPListener.defaultPort)] }
        let interface = try arguments.parsed(interface, EndpointParser.interface)
        let time = try arguments.time(duration, 100_000_000...86_400_000_000_000) ?? 3_000_000_000
        let radius = UInt8(try arguments.number(radius, 0...255) ?? 1)
        do {
            let search = try GatewaySearch(groups, interface: interface, isPlain: !arguments.has(.json))
            return try search.run(radius: radius, for: time)
        } catch let error as IOError {
            Terminal.complain("\(error)" + (interface == nil ? "; name an interface with '--on'" : ""))
            return error.isUnreachable || error.isNotThereYet ? .unavailable : .systemFailure
        } catch {
            Terminal.complain("\(error)")
            return .software
        }
    }
}
