using System.Globalization;
using System.Text;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shell;
using Automation.Host.Access;
using Automation.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Automation.Host.Start;

/// <summary>What the server says when it is ready: where it listens, and what to try next.</summary>
internal static class Greeting
{
    public static async Task PrintAsync(WebApplication app, TimeSpan took)
    {
        var options = app.Services.GetRequiredService<IOptions<HostOptions>>().Value;
        var key = await app.Services.GetRequiredService<ApiKeys>().EnsureAdministratorAsync(options.AdminKey, CancellationToken.None);
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var address = addresses.FirstOrDefault() ?? "";
        var text = new StringBuilder();
        text.AppendLine();
        text.Append(CultureInfo.InvariantCulture, $"Automation is ready after {took.TotalSeconds:0.0} s").AppendLine();
        text.Append("  listens on   ").AppendJoin(", ", addresses).AppendLine();
        text.Append("  database     ").AppendLine(Describe(app));
        if (app.Services.GetRequiredService<BrowserAssets>().Studio is null)
            text.AppendLine("  studio       left out, and pages do not update by themselves: install Node.js 20, run \"npm ci\" in src/Automation.Host/browser, start again");
        if (key is not null)
        {
            text.Append("  admin key    ").AppendLine(key);
            text.AppendLine("               Shown this once. Send it as \"Authorization: ApiKey KEY\".");
        }

        // With a key from the configuration somebody else looks after access; else whoever reads this console becomes administrator.
        if (options.AdminKey is null && !await app.Services.GetRequiredService<Users>().HasAdministratorAsync(CancellationToken.None))
        {
            text.Append("  sign in      ").Append(address).Append("/sign-in/").AppendLine(app.Services.GetRequiredService<FirstRunLink>().Create());
            text.AppendLine("               Creates the administrator; works once, within an hour.");
        }

        text.AppendLine("  try          " + Try.Curl(address, Try.Sample(app.Services.GetRequiredService<TimeProvider>().GetUtcNow())));
        text.AppendLine("  then         " + Try.Look(address, key));
        Console.WriteLine(text);
    }

    private static string Describe(WebApplication app)
    {
        var location = app.Services.GetRequiredService<DatabaseLocation>();
        return location.SqliteFile is { } file ? $"{file} (SQLite)" : "PostgreSQL";
    }
}
