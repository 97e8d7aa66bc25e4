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
}
