using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Automation.Steps.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Tests.Outgoing;

public sealed class OwnServerTests
{
    [Fact]
    public async Task A_URL_that_is_only_a_path_reaches_this_server_and_absolute_ones_to_it_stay_refused()
    {
        await using var app = await StartAsync();
        var caller = Some.Caller(guard: new OutgoingGuard(Options.Create(new OutgoingOptions()), new OwnServer(app.Services.GetRequiredService<IServer>())));

        var result = await caller.SendAsync(
            new HttpCall { Url = "/webhooks/inbox?a=b", Method = "POST", Content = new Dictionary<string, object?> { ["n"] = 1L }, ContentType = "application/json", IdempotencyKey = "i/1/0" },
            Some.Token);
        var absolute = await caller.SendAsync(new HttpCall { Url = app.Urls.First() + "/webhooks/inbox" }, Some.Token);

        Assert.Equal(200, result.Answer?.StatusCode);
        Assert.Equal("""POST ?a=b i/1/0 {"n":1}""", result.Answer!.ParseContent());
        Assert.Equal("/webhooks/inbox?a=b", Assert.Single(result.Exchanges).Url);
        Assert.Equal(HttpCallEnd.Refused, absolute.End);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5080", "127.0.0.1:5080")]
    [InlineData("http://0.0.0.0:80", "127.0.0.1:80")]
    [InlineData("http://*:8080", "127.0.0.1:8080")]
    [InlineData("http://+:8080", "127.0.0.1:8080")]
    [InlineData("http://[::]:5080", "[::1]:5080")]
    [InlineData("http://localhost:5080", "127.0.0.1:5080")]
    [InlineData("http://10.1.2.3:5080", "10.1.2.3:5080")]
    [InlineData("https://127.0.0.1:5081", null)]
    [InlineData("http://unix:/run/automation.sock", null)]
    public void Its_address_is_where_it_listens(string address, string? expected) =>
        Assert.Equal(expected, new OwnServer(() => [address]).Find()?.ToString());

    [Fact]
    public async Task Without_a_server_the_call_says_what_is_missing()
    {
        var result = await Some.Caller().SendAsync(new HttpCall { Url = "/webhooks/inbox" }, Some.Token);

        Assert.Equal(HttpCallEnd.Refused, result.End);
        Assert.Contains("does not listen", result.Error);
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/webhooks/inbox", async (HttpRequest request) =>
            $"{request.Method} {request.QueryString} {request.Headers["Idempotency-Key"]} {await new StreamReader(request.Body).ReadToEndAsync(Some.Token)}");
        await app.StartAsync(Some.Token);
        return app;
    }
}
