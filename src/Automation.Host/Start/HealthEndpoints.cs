using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Host.Start;

/// <summary>What a supervisor asks: is the process alive, and can it take work.</summary>
internal static class HealthEndpoints
{
    private static readonly SqlStatement Ping = new("SELECT 1");

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/healthz").AllowAnonymous();
        health.MapGet("/live", () => TypedResults.Text("live"));
        health.MapGet("/ready", ReadyAsync);
    }

    private static async Task<IResult> ReadyAsync(Database database, CancellationToken cancellationToken)
    {
        try
        {
            await database.QueryAsync(Ping, cancellationToken);
            return TypedResults.Text("ready");
        }
        catch (Exception e) when (e is System.Data.Common.DbException or TimeoutException)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "The database does not answer");
        }
    }
}
