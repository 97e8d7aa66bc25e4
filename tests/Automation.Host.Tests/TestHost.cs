using System.Net.Http.Headers;
using Automation.Dashboard.Access;
using Automation.Host.Start;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Automation.Host.Tests;

/// <summary>The server with all its parts, in this process.</summary>
internal static class TestHost
{
    public const string AdminKey = "an-administrator-key-for-tests";

    /// <summary>Starts it on a free port.</summary>
    /// <param name="directory">Where its data and files lie.</param>
    public static async Task<WebApplication> StartAsync(string directory)
    {
        var root = ContentRoot.Find("/", AppContext.BaseDirectory);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ContentRootPath = root,
            // Where the assets of the referenced projects are listed.
            ApplicationName = typeof(HostOptions).Assembly.GetName().Name,
            // Routes that change files are asked, too: they get files of their own.
            Args =
            [
                "--urls", "http://127.0.0.1:0", "--Automation:DataDirectory", directory, "--Automation:AdminKey", AdminKey,
                "--Automation:Intake:MappingsFile", Path.Combine(directory, "mappings.json"), "--Automation:Workflows:Directory", Path.Combine(directory, "workflows"),
            ],
        });
        builder.Logging.ClearProviders();
        Parts.AddTo(builder);
        var app = builder.Build();
        Parts.MapTo(app);
        await app.Services.GetRequiredService<ApiKeys>().EnsureAdministratorAsync(AdminKey, TestContext.Current.CancellationToken);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    /// <summary>A caller of it; nobody where there is no key.</summary>
    public static HttpClient Client(string address, string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(address) };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", key);
        return client;
    }
}
