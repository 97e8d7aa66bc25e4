using System.Text;
using System.Text.Json;
using Automation.Steps.Http;
using Automation.Steps.Secrets;
using Automation.Steps.Tests.Support;
using Automation.Testing;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Http;

public sealed class OAuthTests
{
    private const string Type = "Automation.HttpCall";

    [Theory]
    [InlineData("OAuth2")]
    [InlineData("OAuth2Body")]
    public async Task A_token_is_asked_for_once_and_used_for_every_call_and_never_kept(string kind)
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("crm", "s3cret/value", Some.Token);
        await using var issuer = new ScriptedServer((_, c) => c.AnswerAsync(200, """{"access_token":"t0ken-abc","token_type":"bearer","expires_in":3600}"""));
        // The other side repeats everything that it was sent.
        await using var api = new ScriptedServer((r, c) => c.AnswerAsync(200, JsonSerializer.Serialize(r.Headers)));
        var call = Call(api, issuer, kind);
        call["scope"] = Step("x", "x", ("v", "read write"))["v"]!.DeepClone();
        call["tokenParameters"] = Step("x", "x", ("v", """{"audience":"https://api.example.org"}"""))["v"]!.DeepClone();
        var id = await host.PublishAsync(call);

        var instance = await host.RunPublishedAsync(id);
        await host.RunPublishedAsync(id);

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        var asked = Assert.Single(issuer.Requests);
        var form = "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example.org";
        Assert.Equal(kind == "OAuth2" ? form : form + "&client_id=robot&client_secret=s3cret%2Fvalue", asked.Text);
        Assert.Equal(kind == "OAuth2" ? "Basic " + Convert.ToBase64String("robot:s3cret%2Fvalue"u8) : null, asked.Header("Authorization"));
        Assert.All(api.Requests, r => Assert.Equal("Bearer t0ken-abc", r.Header("Authorization")));
        Assert.Equal(2, api.Requests.Count);
        var kept = JsonSerializer.Serialize(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));
        Assert.Contains("grant_type", kept);
        Assert.DoesNotContain("t0ken", kept);
        Assert.DoesNotContain("s3cret", kept);
        Assert.DoesNotContain("t0ken", await host.StateAsync(instance.Id));
    }

    [Fact]
    public async Task A_refused_token_is_replaced_once()
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("crm", "s3cret-value", Some.Token);
        var given = 0;
        await using var issuer = new ScriptedServer((_, c) => c.AnswerAsync(200, $$"""{"access_token":"token-{{Interlocked.Increment(ref given)}}"}"""));
        await using var api = new ScriptedServer((r, c) => c.AnswerAsync(r.Header("Authorization") == "Bearer token-2" ? 200 : 401, "{}"));
        await using var deaf = ScriptedServer.Answering(401);

        await host.RunAsync(Call(api, issuer, "OAuth2"));
        await host.RunAsync(Call(deaf, issuer, "OAuth2"));

        Assert.Equal(["Bearer token-1", "Bearer token-2"], api.Requests.Select(r => r.Header("Authorization")));
        Assert.Single(api.Requests.Select(r => r.Header("Idempotency-Key")).Distinct());
        // No endless turn: what refuses the new token too has answered.
        Assert.Equal(["Bearer token-2", "Bearer token-3"], deaf.Requests.Select(r => r.Header("Authorization")));
    }

    [Fact]
    public async Task Placeholders_stand_in_the_token_url_and_its_parameters_too_and_are_masked_there()
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("crm", "s3cret-value", Some.Token);
        await host.Get<SecretStore>().SetAsync("tenant", "t3nant-key", Some.Token);
        await using var issuer = new ScriptedServer((_, c) => c.AnswerAsync(200, """{"access_token":"t0ken-abc"}"""));
        await using var api = ScriptedServer.Answering(200);
        var call = Call(api, issuer, "OAuth2");
        call["tokenUrl"] = Step("x", "x", ("v", issuer.Url + "/{tenant}/token"))["v"]!.DeepClone();
        call["tokenParameters"] = Step("x", "x", ("v", """{"key":"{tenant}"}"""))["v"]!.DeepClone();
        call["placeholders"] = Step("x", "x", ("v", """{"{tenant}":"tenant"}"""))["v"]!.DeepClone();

        var instance = await host.RunAsync(call);

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        var asked = Assert.Single(issuer.Requests);
        Assert.Equal(("/t3nant-key/token", "grant_type=client_credentials&key=t3nant-key"), (asked.Target, asked.Text));
        var kept = JsonSerializer.Serialize(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));
        Assert.Contains("/***/token", kept);
        Assert.DoesNotContain("t3nant-key", kept);
    }

    [Fact]
    public async Task Many_that_need_a_token_at_once_ask_once_and_it_is_replaced_before_it_ends()
    {
        var clock = new ManualClock();
        var given = 0;
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var issuer = new ScriptedServer(async (_, c) =>
        {
            asked.TrySetResult();
            await answer.Task;
            await c.AnswerAsync(200, $$"""{"access_token":"token-{{Interlocked.Increment(ref given)}}","expires_in":"100"}""");
        });
        var tokens = new OAuthTokens(Some.Caller(clock), clock);
        var client = new OAuthClient(issuer.Url, "robot", "s3cret-value", "", "", InBody: false);
        Task<OAuthAnswer> Ask() => tokens.GetAsync(client, null, new HttpCall { Url = "" }, [], Some.Token);

        var all = Enumerable.Range(0, 50).Select(_ => Ask()).ToList();
        await asked.Task;
        answer.SetResult();

        Assert.All(await Task.WhenAll(all), a => Assert.Equal("token-1", a.Token));
        clock.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal("token-1", (await Ask()).Token);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("token-2", (await Ask()).Token);
        Assert.Equal(2, issuer.Requests.Count);
    }

    [Theory]
    [InlineData(401, """{"error":"invalid_client","error_description":"s3cret-value is wrong"}""", "401 (invalid_client)")]
    [InlineData(200, """{"hello":1}""", "without an access_token")]
    [InlineData(200, """{"access_token":"a\r\nX: 1"}""", "without an access_token")]
    [InlineData(200, """{"access_token":"abc","token_type":"mac"}""", "not of the type Bearer")]
    [InlineData(200, "no json", "without an access_token")]
    public async Task A_token_endpoint_that_gives_none_is_an_incident_that_says_so(int status, string body, string says)
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("crm", "s3cret-value", Some.Token);
        await using var issuer = ScriptedServer.Answering(status, body);
        await using var api = ScriptedServer.Answering(200);

        var instance = await host.RunAsync(Call(api, issuer, "OAuth2"));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        var state = await host.StateAsync(instance.Id);
        Assert.Contains(says, state);
        Assert.DoesNotContain("s3cret-value", state);
        Assert.Empty(api.Requests);
        Assert.Single(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));
    }

    [Fact]
    public async Task A_replaced_secret_asks_for_a_token_of_its_own()
    {
        await using var host = await StartAsync();
        await using var issuer = new ScriptedServer((_, c) => c.AnswerAsync(200, """{"access_token":"abc"}"""));
        await using var api = ScriptedServer.Answering(200);
        var id = await host.PublishAsync(Call(api, issuer, "OAuth2"));

        await host.Get<SecretStore>().SetAsync("crm", "old-value", Some.Token);
        await host.RunPublishedAsync(id);
        await host.Get<SecretStore>().SetAsync("crm", "new-value", Some.Token);
        await host.RunPublishedAsync(id);

        Assert.Equal(["robot:old-value", "robot:new-value"], issuer.Requests.Select(r => Encoding.UTF8.GetString(Convert.FromBase64String(r.Header("Authorization")![6..]))));
    }

    private static System.Text.Json.Nodes.JsonObject Call(ScriptedServer api, ScriptedServer issuer, string kind) =>
        Step(Type, "call", ("url", api.Url), ("authentication", kind), ("secret", "crm"), ("userName", "robot"), ("tokenUrl", issuer.Url + "/token"));
}
