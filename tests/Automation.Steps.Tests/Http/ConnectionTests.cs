using System.Net.Http;
using System.Security.Cryptography.X509Certificates;
using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Automation.Steps.Tests.Support;

namespace Automation.Steps.Tests.Http;

public sealed class ConnectionTests
{
    [Fact]
    public async Task A_client_certificate_is_shown_to_its_origin_and_to_nobody_else()
    {
        using var serverCertificate = Some.Certificate("localhost");
        using var own = Some.Certificate("robot");
        await using var elsewhere = new ScriptedServer((_, c) => c.AnswerAsync(200, "{}"), serverCertificate, asksForCertificate: true);
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(302, "", headers: $"Location: {elsewhere.Url}/\r\n"), serverCertificate, asksForCertificate: true);
        var pem = own.ExportCertificatePem() + "\n" + own.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem();
        var caller = Some.Caller(trusting: true);

        var result = await caller.SendAsync(new HttpCall { Url = server.Url, ClientCertificate = pem, MaxRedirects = 1 }, Some.Token);
        await caller.SendAsync(new HttpCall { Url = server.Url }, Some.Token);

        Assert.Equal(200, result.Answer?.StatusCode);
        Assert.Equal([own.GetCertHashString(), null], server.ClientCertificates);
        Assert.Equal([null], elsewhere.ClientCertificates);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public async Task A_secret_without_a_certificate_is_refused_and_not_repeated(string pem)
    {
        var result = await Some.Caller().SendAsync(new HttpCall { Url = "https://127.0.0.1:1/", ClientCertificate = pem }, Some.Token);

        Assert.Equal(HttpCallEnd.Refused, result.End);
        Assert.Contains("client certificate", result.Error);
        Assert.DoesNotContain("AAAA", result.Error);
    }

    [Fact]
    public async Task Credentials_in_a_header_of_any_name_stay_with_their_origin()
    {
        await using var elsewhere = ScriptedServer.Answering(200);
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(302, "", headers: $"Location: {elsewhere.Url}/\r\n"));

        await Some.Caller().SendAsync(
            new HttpCall { Url = server.Url, MaxRedirects = 1, Secrets = ["s3cret-value"], Headers = [KeyValuePair.Create("X-Crm", (object?)"s3cret-value"), KeyValuePair.Create("X-Plain", (object?)"1")] }, Some.Token);

        var request = Assert.Single(elsewhere.Requests);
        Assert.Null(request.Header("X-Crm"));
        Assert.Equal("1", request.Header("X-Plain"));
    }

    [Fact]
    public async Task Calls_go_by_the_proxy_but_not_those_to_allowed_hosts_and_their_targets_are_judged_as_ever()
    {
        await using var proxy = ScriptedServer.AnsweringInTurn((407, "Proxy-Authenticate: Basic realm=\"x\"\r\n"), (200, ""));
        await using var direct = ScriptedServer.Answering(201);
        var outgoing = new OutgoingOptions { Proxy = proxy.Url, ProxyUserName = "u", ProxyPassword = "p4ssword", AllowedHosts = [$"127.0.0.1:{direct.Port}"] };
        var guard = Some.GuardWhere(new() { ["crm.example"] = [["93.184.216.34"]], ["rebound.example"] = [["10.0.0.1"]] }, [.. outgoing.AllowedHosts]);
        var caller = Some.Caller(outgoing: outgoing, guard: guard);

        var byProxy = await caller.SendAsync(new HttpCall { Url = "http://crm.example/a" }, Some.Token);
        var refused = await caller.SendAsync(new HttpCall { Url = "http://rebound.example/" }, Some.Token);
        var metadata = await caller.SendAsync(new HttpCall { Url = "http://169.254.169.254/" }, Some.Token);
        var proxyItself = await caller.SendAsync(new HttpCall { Url = proxy.Url }, Some.Token);
        var around = await caller.SendAsync(new HttpCall { Url = direct.Url }, Some.Token);

        Assert.Equal(200, byProxy.Answer?.StatusCode);
        Assert.All(proxy.Requests, r => Assert.Equal("http://crm.example/a", r.Target));
        Assert.Equal("Basic dTpwNHNzd29yZA==", proxy.Requests.Last().Header("Proxy-Authorization"));
        Assert.Equal([HttpCallEnd.Refused, HttpCallEnd.Refused, HttpCallEnd.Refused], [refused.End, metadata.End, proxyItself.End]);
        Assert.Equal(201, around.Answer?.StatusCode);
        Assert.Equal(2, proxy.Requests.Count);
        Assert.DoesNotContain("p4ssword", System.Text.Json.JsonSerializer.Serialize(byProxy.Exchanges));
    }

    [Theory]
    [InlineData("http", null, 407, "wants a user name and password (407). Give them in Automation:Steps:Outgoing:ProxyUserName and ProxyPassword.")]
    [InlineData("https", null, 407, "wants a user name and password (407). Give them in Automation:Steps:Outgoing:ProxyUserName and ProxyPassword.")]
    [InlineData("http", "u", 407, "does not accept the user name and password that it was given (407). They are Automation:Steps:Outgoing:ProxyUserName and ProxyPassword.")]
    [InlineData("https", "u", 407, "does not accept the user name and password that it was given (407). They are Automation:Steps:Outgoing:ProxyUserName and ProxyPassword.")]
    [InlineData("https", null, 403, "does not connect to crm.example port 443 (it answered 403).")]
    public async Task What_the_proxy_refuses_is_not_taken_for_the_answer_of_the_target(string scheme, string? user, int status, string says)
    {
        await using var proxy = ScriptedServer.AnsweringInTurn((status, "Proxy-Authenticate: Basic realm=\"x\"\r\n"));
        var outgoing = new OutgoingOptions { Proxy = proxy.Url, ProxyUserName = user, ProxyPassword = "p4ssword" };
        var caller = Some.Caller(outgoing: outgoing, guard: Some.GuardWhere(new() { ["crm.example"] = [["93.184.216.34"]] }));

        var result = await caller.SendAsync(new HttpCall { Url = $"{scheme}://crm.example/a" }, Some.Token);

        Assert.Equal((HttpCallEnd.FailedToConnect, $"The proxy 127.0.0.1:{proxy.Port} {says}"), (result.End, result.Error));
        Assert.Null(result.Answer);
    }

    [Fact]
    public async Task A_proxy_that_is_away_is_named()
    {
        var gone = ScriptedServer.Answering(200);
        await gone.DisposeAsync();
        var caller = Some.Caller(outgoing: new OutgoingOptions { Proxy = gone.Url }, guard: Some.GuardWhere(new() { ["crm.example"] = [["93.184.216.34"]] }));

        var result = await caller.SendAsync(new HttpCall { Url = "https://crm.example/a" }, Some.Token);

        Assert.Equal($"The proxy cannot be reached: Connection refused (127.0.0.1:{gone.Port})", result.Error);
    }

    [Fact]
    public async Task Who_breaks_off_is_named_and_the_certificate_that_was_shown_to_it()
    {
        using var serverCertificate = Some.Certificate("localhost");
        using var own = Some.Certificate("robot");
        await using var server = new ScriptedServer(
            (_, c) =>
            {
                c.Close();
                return Task.CompletedTask;
            },
            serverCertificate,
            asksForCertificate: true);
        var pem = own.ExportCertificatePem() + "\n" + own.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem();
        var caller = Some.Caller(trusting: true);

        var without = await caller.SendAsync(new HttpCall { Url = server.Url }, Some.Token);
        var shown = await caller.SendAsync(new HttpCall { Url = server.Url, ClientCertificate = pem }, Some.Token);

        Assert.Equal($"127.0.0.1 port {server.Port} closed the connection before its answer was complete.", without.Error);
        Assert.StartsWith(without.Error + " The server may not accept the client certificate: it is CN=robot, issued by CN=robot, valid from ", shown.Error);
    }

    [Fact]
    public void What_a_server_holds_against_a_certificate_is_explained_as_far_as_it_can_be_known()
    {
        using var own = Some.Certificate("robot");
        var (pem, from) = (own.ExportCertificatePem(), new DateTimeOffset(own.NotBefore));
        var ended = new HttpRequestException(HttpRequestError.ResponseEnded);

        Assert.Equal("", CertificateHint.For(ended, shown: null, from));
        Assert.Equal("The server wants a client certificate: ClientCertificate names the secret that holds it.", CertificateHint.For(new IOException("tlsv13 alert certificate required"), shown: null, from));
        Assert.StartsWith("It may be that the server wants", CertificateHint.For(new IOException("sslv3 alert handshake failure"), shown: null, from));
        Assert.EndsWith(", which is over.", CertificateHint.For(ended, pem, new DateTimeOffset(own.NotAfter).AddDays(2)));
        Assert.EndsWith(", which is still to come.", CertificateHint.For(ended, pem, from.AddDays(-2)));
        Assert.Equal("", CertificateHint.For(new HttpRequestException(HttpRequestError.ConnectionError), pem, from));
        Assert.Equal("", CertificateHint.For(new HttpRequestException("The remote certificate is invalid"), pem, from));
    }

    [Fact]
    public async Task A_key_that_is_not_the_certificates_is_said_to_be_so()
    {
        using var own = Some.Certificate("robot");
        using var other = Some.Certificate("other");

        var result = await Some.Caller().SendAsync(
            new HttpCall { Url = "https://127.0.0.1:1/", ClientCertificate = own.ExportCertificatePem() + "\n" + other.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem() }, Some.Token);

        Assert.Equal((HttpCallEnd.Refused, "The client certificate cannot be used: the private key in the secret is damaged, or not the one of the certificate."), (result.End, result.Error));
    }
}
