import Configuration
import GatewayCore
import Transports

/// Looks whether this machine has what a configuration asks for, without getting in a running gateway's way.
struct HereCheck {
    let settings: Settings
    /// Where they come from; nil: standard input, or nowhere.
    let path: String?
    private let loop: EventLoop

    init(_ settings: Settings, path: String?) throws(IOError) {
        (self.settings, self.path) = (settings, path)
        loop = try EventLoop()
    }

    /// Everything that was looked at, in the order of the file.
    func findings() -> [HereFinding] {
        settings.host.listeners.flatMap { listener($0) + groups(of: $0) } + settings.host.serialPorts.map(serial)
            + [fileLimit()] + BrokerProbe.findings(settings, loop) + secrecy()
    }

    // MARK: UDP

    private func listener(_ listener: UDPListener) -> [HereFinding] {
        guard let address = SocketAddress(numeric: listener.host, port: listener.port) else {
            return [HereFinding(.bad, listener.name, "its host is not an IP address of this machine")]
        }
        do throws(IOError) {
            let wanted = listener.receiveBufferByteCount
            let socket = try UDPTransport(binding: address, receiveBufferByteCount: wanted, loop: loop)
            defer { socket.close() }
            let granted = socket.grantedReceiveBufferByteCount
            guard granted < wanted else { return [HereFinding(.good, listener.name, "free")] }
            return [
                HereFinding(
                    .warning, listener.name,
                    "free; the system grants a receive buffer of \(granted) octets, not \(wanted): raise"
                        + " net.core.rmem_max, or lower receive_buffer_bytes")
            ]
        } catch {
            return [HereFinding(verdict(on: error, listener), listener.name, sentence(on: error, listener, address))]
        }
    }

    private func verdict(on error: IOError, _ listener: UDPListener) -> HereFinding.Verdict {
        if error.isAddressInUse { return isOwn(holder(of: listener)) ? .good : .bad }
        if error.isNotThereYet { return .warning }
        let isOptional = HostSettings.isOptional(listener, among: settings.host.listeners)
        return error.isFamilyMissing && isOptional ? .warning : .bad
    }

    private func sentence(on error: IOError, _ listener: UDPListener, _ address: SocketAddress) -> String {
        if error.isAddressInUse {
            guard let holder = holder(of: listener) else {
                return "in use by a process of another user; 'ss -lunp' as root says which"
            }
            let who = "\(holder.name), process \(holder.processIdentifier)"
            return isOwn(holder) ? "held by the running gateway (\(who))" : "in use by \(who)"
        }
        if error.isNotThereYet { return "no interface has this address now; the gateway will wait for it" }
        if error.isFamilyMissing {
            let isOptional = HostSettings.isOptional(listener, among: settings.host.listeners)
            let version = address.isIPv6 ? "IPv6" : "IPv4"
            return "this kernel has no \(version); "
                + (isOptional ? "it will be left out" : "remove this [[udp]], or switch \(version) on")
        }
        if error.isPermission {
            return "not permitted: ports below 1024 need CAP_NET_BIND_SERVICE (AmbientCapabilities= in systemd)"
        }
        return "\(error)"
    }

    private func holder(of listener: UDPListener) -> SocketHolder? {
        .ofUDP(port: listener.port, ipv6: listener.host.contains(":"))
    }

    private func isOwn(_ holder: SocketHolder?) -> Bool {
        holder.map { $0.isSameProgram || $0.name == "swiftlet" } ?? false
    }

    private func groups(of listener: UDPListener) -> [HereFinding] {
        listener.groups.map { group in
            let subject = "group \(group.host)"
            guard let address = SocketAddress(numeric: group.host, port: group.port) else {
                return HereFinding(.warning, subject, "its interface is not there now; the gateway will wait for it")
            }
            if let name = listener.interfaceOfGroups {
                guard let interface = NetworkInterface(named: name) else {
                    return HereFinding(.warning, subject, "\(name) is not there now; the gateway will wait for it")
                }
                guard interface.isUsable else {
                    return HereFinding(.warning, subject, "\(name) is down, or has no carrier")
                }
            }
            return joined(address, subject, listener.interfaceOfGroups)
        }
    }

    /// Joins the group on a socket of its own, which is closed again.
    private func joined(_ group: SocketAddress, _ subject: String, _ interface: String?) -> HereFinding {
        do throws(IOError) {
            let socket = try UDPTransport(
                binding: .any(ipv6: group.isIPv6, port: 0), receiveBufferByteCount: nil, loop: loop)
            defer { socket.close() }
            guard group.isMulticast else {
                try socket.setBroadcast(true)
                return HereFinding(.good, subject, "broadcast is possible")
            }
            let source = try interface == nil ? group.sourceOfRoute() : nil
            try socket.joinMulticast(group: group, interface: interface)
            let place = interface ?? source.map { "the interface with \($0.host)" } ?? "an interface"
            return HereFinding(.good, subject, "\(place) is up, multicast")
        } catch {
            let waits = error.isUnreachable || error.isNotThereYet
            return HereFinding(
                waits ? .warning : .bad, subject, waits ? "no way there now; the gateway will wait for one" : "\(error)"
            )
        }
    }

    // MARK: Serial lines, files

    private func serial(_ port: SerialPort) -> HereFinding {
        guard let facts = FileFacts(path: port.device) else {
            return HereFinding(.warning, port.device, "not there now; the gateway will look again and again")
        }
        guard facts.isCharacterDevice else { return HereFinding(.bad, port.device, "is no device") }
        guard facts.isUsable else {
            return HereFinding(
                .bad, port.device, "may not be opened by this user: 'ls -l' says whose group it is ('usermod -aG')")
        }
        if let holder = SocketHolder.ofFile(path: port.device) {
            let who = "\(holder.name), process \(holder.processIdentifier)"
            return isOwn(holder)
                ? HereFinding(.good, port.device, "held by the running gateway (\(who))")
                : HereFinding(.bad, port.device, "in use by \(who)")
        }
        return HereFinding(.good, port.device, "there, and may be opened")
    }

    private func fileLimit() -> HereFinding {
        let needed = RunCommand.neededDescriptorCount(settings)
        let allowed = ProcessLimits.raiseFileDescriptorLimit().soft
        let subject = "open files"
        guard allowed >= needed else {
            return HereFinding(
                .warning, subject,
                "\(allowed) are allowed, \(needed) may be needed: LimitNOFILE= in systemd, 'ulimit -Hn', or a lower"
                    + " clients.maximum")
        }
        return HereFinding(.good, subject, "\(allowed) are allowed, \(needed) may be needed")
    }

    private func secrecy() -> [HereFinding] {
        guard let path, settings.host.hasSecretInTheOpen, let facts = FileFacts(path: path), facts.isReadableByAll
        else { return [] }
        return [HereFinding(.warning, "password", "\(path) is readable by everybody: chmod 640 \(path)")]
    }
}
