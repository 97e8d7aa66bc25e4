using System.Buffers;
using System.IO.Pipelines;

namespace Automation.Intake.Webhooks;

/// <summary>Reads a request body whole, within a size and a time.</summary>
internal static class BodyReader
{
    /// <summary>How a read ended.</summary>
    public enum Outcome
    {
        Complete,
        TooLarge,
        TooSlow,
    }

    /// <summary>
    /// Reads to the end. A body that has already arrived, as nearly all have, costs one copy and no timer.
    /// </summary>
    /// <param name="reader">The request's body.</param>
    /// <param name="limit">Most bytes taken.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends the read when the sender hangs up.</param>
    /// <returns>How it ended, and the bytes; of a body that was too large or too slow, what had come.</returns>
    public static async ValueTask<(Outcome Outcome, byte[] Body)> ReadAsync(
        PipeReader reader, int limit, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        var pending = reader.ReadAsync(cancellationToken);
        if (pending.IsCompletedSuccessfully)
        {
            var result = pending.Result;
            if (result.IsCompleted || result.Buffer.Length > limit)
                return Take(reader, result.Buffer, limit);
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            return await ReadSlowlyAsync(reader, null, limit, timeout, clock, cancellationToken);
        }

        return await ReadSlowlyAsync(reader, pending, limit, timeout, clock, cancellationToken);
    }

    private static async ValueTask<(Outcome Outcome, byte[] Body)> ReadSlowlyAsync(
        PipeReader reader, ValueTask<ReadResult>? pending, int limit, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        // The deadline cancels the pipe's read rather than the request: the connection is still good for an answer.
        await using var deadline = clock.CreateTimer(static state => ((PipeReader)state!).CancelPendingRead(), reader, timeout, Timeout.InfiniteTimeSpan);
        while (true)
        {
            var result = await (pending ?? reader.ReadAsync(cancellationToken));
            pending = null;
            if (result.IsCompleted || result.Buffer.Length > limit)
                return Take(reader, result.Buffer, limit);
            if (result.IsCanceled)
                return (Outcome.TooSlow, Copy(reader, result.Buffer));
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static (Outcome Outcome, byte[] Body) Take(PipeReader reader, ReadOnlySequence<byte> buffer, int limit) =>
        buffer.Length > limit
            ? (Outcome.TooLarge, Copy(reader, buffer.Slice(0, limit)))
            : (Outcome.Complete, Copy(reader, buffer));

    private static byte[] Copy(PipeReader reader, ReadOnlySequence<byte> buffer)
    {
        var bytes = buffer.ToArray();
        reader.AdvanceTo(buffer.End);
        return bytes;
    }

    /// <summary>What has arrived already, at most so many bytes, without waiting.</summary>
    public static byte[] Peek(PipeReader reader, int limit)
    {
        if (!reader.TryRead(out var result))
            return [];
        var bytes = result.Buffer.Slice(0, Math.Min(limit, result.Buffer.Length)).ToArray();
        reader.AdvanceTo(result.Buffer.Start);
        return bytes;
    }
}
