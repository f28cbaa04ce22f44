import Configuration
import GatewayCore
import GatewayHost
import MQTT
import MQTTSN
import Testing
import Time
import Transports

extension RealSocketTests {
    /// The page in a browser, as a person or a screen reader finds it.
    @Suite(.enabled(if: HeadlessBrowser.path != nil, "needs Chromium: apt-get install chromium"))
    struct PageTests {
        private static func gateway(_ broker: ScriptedBroker, _ configure: (inout Settings) -> Void = { _ in }) throws
            -> GatewayThread
        {
            try GatewayThread(broker: BrokerEndpoint(broker.address)) {
                $0.gateway.upstream.sharedClientID = octets("swiftlet-1")
                $0.gateway.links[0].maximumDatagramByteCount = 64
                $0.host.http.listener = HTTPEndpoint(host: "127.0.0.1", port: 0)
                configure(&$0)
            }
        }

        private static func text(of id: String) -> String { "document.getElementById('\(id)').textContent" }

        @Test("The page follows: a client comes, oversleeps, is sent too much, and the broker goes")
        func events() throws {
            let broker = try ScriptedBroker()
            // So long is a sleeper overdue before it is lost.
            let gateway = try Self.gateway(broker) { $0.gateway.supervision.shortTolerancePercent = 3_000 }
            try broker.acceptGateway()
            let browser = try HeadlessBrowser("http://\(try #require(gateway.httpAddress))/")
            #expect(try browser.comesTo("\(Self.text(of: "health")) == '✓ gateway healthy'"))
            #expect(try browser.comesTo("\(Self.text(of: "needs")).includes('Nothing.')"))

            // A ClientId of HTML is text.
            let name = "<b id=x>\"&"
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect(name, cleanSession: true, keepAlive: 60))
            let stream = try broker.acceptClient(name)
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            #expect(try browser.comesTo("\(Self.text(of: "clients-now")) == '1'"))
            #expect(try browser.comesTo("\(Self.text(of: "list")).includes('<b id=x>\"&')"))
            #expect(try browser.comesTo("\(Self.text(of: "list")).includes('✓ awake')"))
            #expect(try browser.comesTo("document.getElementById('x') === null"))

            // 91 octets do not fit into a datagram of 64.
            try stream.publish(BrokerPublish(topic: "ab", payload: [UInt8](repeating: 7, count: 91)))
            #expect(try browser.comesTo("\(Self.text(of: "dropped-now")) == '1'"))
            #expect(try browser.comesTo("\(Self.text(of: "dropped-text")).includes('too long')"))
            #expect(try browser.comesTo("\(Self.text(of: "needs")).includes('maximum_datagram_bytes')"))

            // It promises to wake up within a second, and does not.
            try sensor.send(Datagram.disconnect(duration: 1))
            try sensor.expect([2, 0x18])
            #expect(try browser.comesTo("\(Self.text(of: "health")).includes('1 client overdue')"))
            #expect(try browser.comesTo("\(Self.text(of: "list")).includes('✕ overdue')"))
            #expect(try browser.comesTo("document.querySelectorAll('#needs li').length >= 2"))

            broker.stopListening()
            for stream in broker.streams { stream.end() }
            #expect(try browser.comesTo("\(Self.text(of: "health")).startsWith('✕')"))
            #expect(try browser.comesTo("!\(Self.text(of: "health")).includes('healthy')"))
            #expect(try browser.comesTo("document.title.startsWith('✕')"))
            try Self.expectQuiet(browser, gateway)
        }

        @Test("One client's page tells its last messages, and nothing of their payloads")
        func client() throws {
            let broker = try ScriptedBroker()
            let gateway = try Self.gateway(broker)
            try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("soil/7", cleanSession: true, keepAlive: 60))
            try broker.acceptClient("soil/7")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            let topic = try sensor.register("farm/soil", messageID: 9)
            try sensor.send(Datagram.publish(topic, octets("precious")))
            let browser = try HeadlessBrowser("http://\(try #require(gateway.httpAddress))/#client=soil%2F7")
            #expect(try browser.comesTo("\(Self.text(of: "client-title")) == 'soil/7'"))
            #expect(try browser.comesTo("\(Self.text(of: "message-list")).includes('PUBLISH')"))
            #expect(try browser.comesTo("\(Self.text(of: "message-list")).includes('CONNECT')"))
            #expect(try browser.comesTo("\(Self.text(of: "topics")).includes('farm/soil')"))
            #expect(try browser.comesTo("!document.body.textContent.includes('precious')"))
            #expect(try browser.comesTo("document.activeElement.id == 'client-title'"))
            try Self.expectQuiet(browser, gateway)
        }

        @Test("With a token the page asks for it, and then shows everything")
        func token() throws {
            let broker = try ScriptedBroker()
            let gateway = try Self.gateway(broker) { $0.host.http.token = octets("s3cret") }
            try broker.acceptGateway()
            let browser = try HeadlessBrowser("http://\(try #require(gateway.httpAddress))/")
            #expect(try browser.comesTo("!document.getElementById('token').hidden"))
            _ = try browser.evaluate(
                "document.getElementById('secret').value='s3cret';document.getElementById('token').requestSubmit()")
            #expect(try browser.comesTo("\(Self.text(of: "health")) == '✓ gateway healthy'"))
        }

        /// Nothing was asked of anybody else, nothing failed, and no policy of the page was broken.
        private static func expectQuiet(_ browser: HeadlessBrowser, _ gateway: GatewayThread) throws {
            let origin = "http://\(try #require(gateway.httpAddress))/"
            let requests = browser.messages.filter { $0.contains("\"Network.requestWillBeSent\"") }
            #expect(!requests.isEmpty)
            for request in requests {
                let isOwn = request.contains("\"url\":\"\(origin)") || request.contains("\"url\":\"data:")
                #expect(isOwn, "\(request)")
            }
            for message in browser.messages {
                let isComplaint =
                    message.contains("\"Runtime.exceptionThrown\"") || message.contains("\"Runtime.consoleAPICalled\"")
                    || message.contains("\"Log.entryAdded\"") && message.contains("\"level\":\"error\"")
                #expect(!isComplaint, "\(message)")
            }
        }

        @Test("Neither on a phone nor on a screen does anything need to be scrolled sideways", arguments: [390, 1_240])
        func widths(width: Int) throws {
            let broker = try ScriptedBroker()
            let gateway = try Self.gateway(broker) { $0.gateway.limits.clientIDByteCount = 200 }
            try broker.acceptGateway()
            let name = String(repeating: "W", count: 200)
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect(name, cleanSession: true, keepAlive: 60))
            try broker.acceptClient(name)
            let browser = try HeadlessBrowser("http://\(try #require(gateway.httpAddress))/", width: width)
            #expect(try browser.comesTo("\(Self.text(of: "list")).includes('WWW')"))
            let isWide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            #expect(try browser.evaluate(isWide).contains("\"value\":false"))
        }
    }
}
