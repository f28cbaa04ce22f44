import GatewayCore
import GatewaySimulator
import Time
import Transports

/// The multicast group in which gateway and devices find each other.
enum Group {
    case open(SocketAddress)
    /// This machine does not let the gateway use one, with the reason.
    case impossible(String)
}

/// A UDP socket of a device that was told nothing: it searches for the gateway in a group (MQTT-SN 1.2 §6.1).
///
/// Where the machine has no multicast on its loopback it asks the gateway itself.
final class SearchingSocket: Radio, UDPTransportDelegate, TimerHandler {
    weak var device: Device?
    private let transport: UDPTransport
    private var groupTransport: UDPTransport?
    private let group: Group
    /// Whom it asks where there is no multicast.
    private let likelyGateway: SocketAddress
    private unowned let household: Household
    private var search = GatewaySearch(radius: 1, attemptLimit: 2, firstInterval: .milliseconds(500))
    private var timer: LoopTimer?
    private var found: (() -> Void)?
    private var gateway: SocketAddress?
    /// Where SEARCHGW goes.
    private var destination: SocketAddress
    private var searchedAt: UInt64 = 0
    /// Whether what is sent to the group comes back, which proves that the machine has multicast.
    private var hearsItself = false

    /// Binds a socket to a port of `localAddress` that the system chooses.
    init(
        localAddress: SocketAddress, group: Group, likelyGateway: SocketAddress, household: Household
    ) throws(IOError) {
        (self.group, self.likelyGateway, self.household) = (group, likelyGateway, household)
        destination = likelyGateway
        transport = try UDPTransport(binding: localAddress, receiveBufferByteCount: nil, loop: household.loop)
        transport.delegate = self
    }

    // MARK: Searching

    func findGateway(_ found: @escaping () -> Void) {
        self.found = found
        switch group {
        case .impossible(let reason): askDirectly("has no multicast here (\(reason))")
        case .open(let address):
            do throws(IOError) {
                try join(address)
            } catch {
                return askDirectly("has no multicast here (\(error))")
            }
            destination = address
            begin("knows no gateway: SEARCHGW to udp://\(address)")
        }
    }

    private func join(_ address: SocketAddress) throws(IOError) {
        let receiver = try UDPTransport(binding: address, receiveBufferByteCount: nil, loop: household.loop)
        receiver.delegate = self
        groupTransport = receiver
        try receiver.joinMulticast(group: address, interface: House.groupInterface)
        try transport.setMulticastInterface(House.groupInterface)
    }

    private func askDirectly(_ reason: String) {
        destination = likelyGateway
        begin("\(reason): SEARCHGW to the gateway itself")
    }

    private func begin(_ text: String) {
        searchedAt = MonotonicClock.now()
        tell(text, at: searchedAt)
        var datagram: [UInt8] = []
        search.begin(at: Instant(nanoseconds: searchedAt), into: &datagram)
        ask(datagram)
    }

    private func ask(_ datagram: [UInt8]) {
        transport.queue(datagram.span.bytes, to: destination, from: nil)
        transport.flush()
        timer = search.nextDeadline.map { household.loop.schedule(at: $0.nanoseconds, self) }
    }

    func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        guard search.isSearching else { return }
        let now = MonotonicClock.now()
        var datagram: [UInt8] = []
        if search.deadlineReached(at: Instant(nanoseconds: now), into: &datagram) { return ask(datagram) }
        if destination == likelyGateway || hearsItself {
            household.noteTrouble("no gateway answers", of: name, at: now)
        }
        if destination != likelyGateway { askDirectly("hears nobody in the group") }
    }

    private var name: String { device?.name ?? "" }

    private func tell(_ text: String, at time: UInt64) { household.narrator.tell(name, text, at: time) }

    // MARK: What comes in

    func transportReadable(_ transport: UDPTransport) {
        _ = try? transport.receive { datagram, source, _ in
            if transport === self.transport, source == gateway {
                device?.receive(datagram)
            } else {
                consider(datagram, from: source)
            }
        }
    }

    private func consider(_ datagram: RawSpan, from source: SocketAddress) {
        let now = MonotonicClock.now()
        switch search.receive(datagram) {
        case .answered(let gatewayID):
            settle(on: source, "gateway \(gatewayID) answers with GWINFO from udp://\(source)", at: now)
        case .advertised(let gatewayID, let seconds):
            household.ledger.hearAdvertise()
            tell("hears gateway \(gatewayID) ADVERTISE itself, again in \(seconds) s", at: now)
            settle(on: source, "takes that gateway", at: now)
        case .searched:
            hearsItself = true
            // Who hears the group will hear the gateway there.
            household.ledger.expectAdvertise()
        case .nothing: break
        }
    }

    /// The first gateway it is (MQTT-SN 1.2 §6.1: a client is connected to one at a time).
    private func settle(on source: SocketAddress, _ text: String, at time: UInt64) {
        guard gateway == nil, let found else { return }
        gateway = source
        self.found = nil
        let delay = time > searchedAt ? time - searchedAt : 0
        tell("\(text) after \(Text.milliseconds(delay)) ms", at: time)
        found()
    }

    // MARK: Sending

    func queue(_ datagram: RawSpan) {
        if let gateway { transport.queue(datagram, to: gateway, from: nil) }
    }

    func flush() { transport.flush() }

    func close() {
        if let timer { household.loop.cancel(timer) }
        transport.close()
        groupTransport?.close()
    }
}
