#!/usr/bin/env bash
# A Slurm array over the runs of a study: sbatch --array=1-N array.sh STUDY [options of shallows study]
#SBATCH --job-name=shallows
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append

"${SHALLOWS:-shallows}" study "$@" --task "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_MAX" \
  --threads "${SLURM_CPUS_PER_TASK:-1}" &
study=$!
# Near the time limit: the program writes its checkpoint, and the task is queued again.
trap 'kill -TERM $study; wait $study; scontrol requeue "$SLURM_JOB_ID"' TERM
wait $study
