using System.Runtime.CompilerServices;

namespace SQLitePCL.Tests.Support;

/// <summary>Observes what the collector may take.</summary>
internal static class Memory
{
    /// <summary>Runs the code in a frame of its own, so that its locals are gone when it returns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Isolated<T>(Func<T> code) => code();

    /// <summary>Collects everything unreachable and lets its finalizers finish.</summary>
    public static void Collect()
    {
        // Twice: what a finalizer lets go is only garbage afterwards.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        GC.Collect();
    }
}
