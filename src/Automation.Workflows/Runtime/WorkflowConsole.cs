using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace Automation.Workflows.Runtime;

/// <summary>Writes the lines of <c>WriteLine</c> to the host's console, beside the workflows: a slow console loses lines, it does not hold them up.</summary>
internal sealed class WorkflowConsole(WorkflowEvents events) : BackgroundService
{
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(
        new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var listening = events.OnLineWritten(line => _lines.Writer.TryWrite(line));
        await foreach (var line in _lines.Reader.ReadAllAsync(stoppingToken))
            await Console.Out.WriteLineAsync(line.AsMemory(), stoppingToken);
    }
}
