using System.Net.Http.Headers;
using Automation.Dashboard.Access;
using Automation.Host.Start;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Automation.Host.Tests;

/// <summary>The whole server in this process, on a free port, over a folder that is gone when the test ends.</summary>
internal sealed class ServerHere : IAsyncDisposable
{
    public const string AdminKey = "an-administrator-key-for-tests";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("automation-host-");

    private ServerHere()
    {
    }

    public WebApplication App { get; private set; } = null!;

    public string Address => App.Urls.First();

    public static async Task<ServerHere> StartAsync(params string[] settings)
    {
        var server = new ServerHere();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ContentRootPath = ContentRoot.Find("/", AppContext.BaseDirectory),
            // Where the assets of the referenced projects are listed.
            ApplicationName = typeof(HostOptions).Assembly.GetName().Name,
            // Routes that change files are asked, too: they get files of their own.
            Args =
            [
                "--urls", "http://127.0.0.1:0", "--Automation:DataDirectory", server._directory.FullName, "--Automation:AdminKey", AdminKey,
                "--Automation:Intake:MappingsFile", Path.Combine(server._directory.FullName, "mappings.json"), "--Automation:Workflows:Directory", Path.Combine(server._directory.FullName, "workflows"),
                .. settings,
            ],
        });
        builder.Logging.ClearProviders();
        Parts.AddTo(builder);
        server.App = builder.Build();
        Parts.MapTo(server.App);
        await server.App.StartAsync(TestContext.Current.CancellationToken);
        await server.App.Services.GetRequiredService<ApiKeys>().EnsureAdministratorAsync(AdminKey, TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Somebody who follows no redirects and keeps no cookies.</summary>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(Address) };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
